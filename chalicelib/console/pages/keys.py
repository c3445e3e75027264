"""Keys of the API, for the operator's admins."""

from chalicelib.console.routing import Pages

pages = Pages(__name__, area="keys")
