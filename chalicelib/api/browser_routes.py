"""Routes that people's browsers open and programs do not: pages of the console serve them.

They are declared here, so that the API's description names them and the console serves no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class BrowserRoute:
    """An address that is opened with GET and answers with a redirect, or a page that says no."""

    path: str
    function: str  #: of the console's pages
    summary: str
    description: str
    query: Sequence[tuple[str, str]]  #: name and meaning


CONNECT_ROUTES: Sequence[BrowserRoute] = (
    BrowserRoute(
        path="/connect/{platform}/start",
        function="connect.start",
        summary="Send a signed-in person to the platform's own page",
        description=(
            "Opened from the page of a connection, by an admin: the ticket in that page's link is"
            " the session's own. Without a session it leads to the sign-in page, without the"
            " ticket to the connection."
        ),
        query=(
            ("consumer", "Whose connection it is."),
            ("connection", "The connection's name."),
            ("ticket", "What the link of the connection's page carries."),
        ),
    ),
    BrowserRoute(
        path="/connect/{platform}/callback",
        function="connect.finish",
        summary="Take a person back from the platform's own page",
        description=(
            "Register this address at the platform. What comes is good once, for ten minutes, in"
            " the browser and the session that started; then it is exchanged, saved and checked,"
            " and the person sees the connection. Some platforms send more parameters."
        ),
        query=(
            ("code", "What tokens are had for."),
            ("state", "What the start sent there."),
            ("error", "Why there is no code."),
        ),
    ),
)
