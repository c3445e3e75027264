"""A simulated Brightpearl: a server with state that behaves as the vendor's API does.

Where the vendor's behaviour is not known, the simulator does the less comfortable thing and the
docstring says so. Error codes ending in ``-000`` stand for codes that no source shows.
"""
