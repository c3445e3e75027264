"""All pages on one screen: which function of ``pages`` answers which address.

Importing this loads none of them: a worker on AWS that never shows a page need not wait for them.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chalicelib.api.browser_routes import CONNECT_ROUTES

ROOT = "/console"


class Page(NamedTuple):
    """One address below its root; a ``POST`` is what a form does and has to bring its word."""

    method: str
    path: str
    function: str  #: module of ``pages`` and function, such as ``logs.show_rows``
    is_public: bool = False  #: whether strangers may open it
    root: str = ROOT  #: what stands before the path
    back: str = ""  #: function that says where a stranger goes after signing in; else to the page

    @property
    def area(self) -> str:
        """The entry of the menu that the page belongs to: its module's, unless said otherwise."""
        module = self.function.partition(".")[0]
        return _AREAS.get(module, module.replace("_", "-"))


_AREAS: Mapping[str, str] = {
    "row": "logs",
    "resyncs": "logs",
    "export": "logs",
    "connect": "connections",
}

_C = "/consumers/{consumer}"

PAGES: Sequence[Page] = (
    Page("GET", "", "sign_in.show_start", is_public=True),
    Page("GET", "/sign-in", "sign_in.show_form", is_public=True),
    Page("POST", "/sign-in", "sign_in.sign_in", is_public=True),
    Page("POST", "/sign-out", "sign_in.sign_out"),
    Page("GET", "/static/{name}", "static.show_file", is_public=True),
    Page("GET", "/consumers", "consumers.show_all"),
    Page("GET", "/add-consumer", "consumers.show_new"),
    Page("POST", "/consumers", "consumers.add"),
    Page("GET", _C + "/settings", "consumers.show_settings"),
    Page("POST", _C + "/settings", "consumers.change"),
    Page("GET", "/keys", "keys.show_all"),
    Page("POST", "/keys", "keys.make"),
    Page("GET", "/keys/{id}/revoke", "keys.ask_to_revoke"),
    Page("POST", "/keys/{id}/revoke", "keys.revoke"),
    Page("GET", "/dead-letters", "dead_letters.show"),
    Page("POST", "/dead-letters/redrive", "dead_letters.redrive"),
    Page("POST", "/dead-letters/prune", "dead_letters.prune"),
    Page("GET", _C, "overview.show_overview"),
    Page("GET", _C + "/logs", "logs.show_rows"),
    Page("POST", _C + "/logs/{row}/resync", "logs.resync"),
    Page("GET", _C + "/logs/{row}", "row.show_row"),
    Page("GET", _C + "/resyncs/new", "resyncs.ask_first"),
    Page("GET", _C + "/resyncs", "resyncs.list_resyncs"),
    Page("POST", _C + "/resyncs", "resyncs.start"),
    Page("GET", _C + "/resyncs/{id}", "resyncs.show"),
    Page("POST", _C + "/resyncs/{id}/cancel", "resyncs.cancel"),
    Page("GET", _C + "/export", "export.show"),
    Page("GET", _C + "/export.csv", "export.download"),
    Page("GET", _C + "/groups", "groups.show_groups"),
    Page("GET", _C + "/flows", "flows.show_flows"),
    Page("GET", _C + "/flows/{flow}", "flows.show_flow"),
    Page("POST", _C + "/flows/{flow}", "flows.save_settings"),
    Page("POST", _C + "/flows/{flow}/switch", "flows.switch"),
    Page("GET", _C + "/mappings", "mappings.show_mappings"),
    Page("GET", _C + "/mappings/{flow}/{name}", "mappings.show_mapping"),
    Page("POST", _C + "/mappings/{flow}/{name}", "mappings.save_entries"),
    Page("POST", _C + "/mappings/{flow}/{name}/default", "mappings.save_default"),
    Page("POST", _C + "/mappings/{flow}/{name}/records", "mappings.save_record"),
    Page("GET", _C + "/connections", "connections.show_all"),
    Page("GET", _C + "/connections/new", "connections.show_new"),
    Page("POST", _C + "/connections", "connections.connect"),
    Page("GET", _C + "/connections/needs/{platform}", "connections.show_needs"),
    Page("GET", _C + "/connections/{name}", "connections.show_one"),
    Page("POST", _C + "/connections/{name}", "connections.change"),
    Page("POST", _C + "/connections/{name}/check", "connections.check"),
    Page("GET", _C + "/connections/{name}/delete", "connections.ask_to_delete"),
    Page("POST", _C + "/connections/{name}/delete", "connections.delete"),
    Page("GET", _C + "/executions", "executions.show_all"),
    Page("POST", _C + "/executions", "executions.import_now"),
    Page("GET", _C + "/executions/{id}", "executions.show_one"),
    Page("GET", _C + "/transactions", "transactions.show_all"),
    Page("GET", _C + "/transactions/{id}", "transactions.show"),
    Page("GET", _C + "/report", "report.show_report"),
    Page("GET", _C + "/history", "history.show"),
    Page("GET", _C + "/diagnosis", "diagnosis.show_diagnosis"),
    Page("GET", "/{page}", "nothing.show"),
    Page("GET", _C + "/{page}", "nothing.show"),
)

#: The way to platforms' own pages, and back from them.
CONNECT_PAGES: Sequence[Page] = tuple(
    Page("GET", one.path, one.function, root="", back="connect.find_back") for one in CONNECT_ROUTES
)
