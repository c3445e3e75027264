"""What the commands of this folder say instead of a stack trace."""


class NotPossibleError(Exception):
    """A command cannot go on; the message says why and what to do."""
