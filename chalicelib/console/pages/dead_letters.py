"""Dead letters: what lies in the queues, redrive, prune."""

from chalicelib.console.routing import Pages

pages = Pages(__name__, area="dead-letters")
