"""Partly failing answers on demand: status 207 with a response and errors."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from local.platforms.brightpearl.faults import NOT_FOUND


@dataclass(kw_only=True)
class Partial:
    """The ids that the next answers leave out and report as failed."""

    ids: tuple[int, ...] = ()
    path: str = ""
    times: int = 0
    _id_names: tuple[str, ...] = field(default=("id", "productId", "contactId"), init=False)

    def next(self, ids: Iterable[int], *, path: str = "", times: int = 1) -> None:
        """Leave ``ids`` out of the next ``times`` answers to paths that contain ``path``."""
        self.ids, self.path, self.times = tuple(ids), path, times

    def apply(self, path: str, body: dict[str, object]) -> tuple[int, dict[str, object]]:
        """Return status and body, made partial if it is this answer's turn."""
        if not self.times or self.path not in path:
            return 200, body
        self.times -= 1
        errors = [{"code": NOT_FOUND, "message": f"{n} could not be processed"} for n in self.ids]
        return 207, {**body, "response": self._rest(body.get("response")), "errors": errors}

    def _rest(self, response: Any) -> Any:
        if isinstance(response, list):
            return [item for item in response if not self._is_left_out(item)]
        if isinstance(response, dict):
            return {k: v for k, v in response.items() if k not in map(str, self.ids)}
        return response

    def _is_left_out(self, item: Any) -> bool:
        return isinstance(item, dict) and any(item.get(n) in self.ids for n in self._id_names)
