"""Overview of a consumer: health, flows, what needs a person, the last seven days."""

from chalicelib.console.routing import Pages

pages = Pages(__name__, area="overview")
