"""What stops a measurement."""


class BenchError(Exception):
    """The figures would be of something else; the message says what went wrong."""


class ToolMissingError(BenchError):
    """This machine lacks what a part needs; the message says what to install."""
