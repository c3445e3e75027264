"""What stops a measurement."""


class BenchError(Exception):
    """The figures would be of something else; the message says what went wrong."""
