"""Batches: at most 100 entries, an error for each that failed, 200 all the same."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from local.platforms.woocommerce.errors import Json, WooError, invalid_param

MOST = 100


@dataclass(frozen=True, kw_only=True)
class Verbs:
    """What a batch does to one kind of resource; every verb answers the view."""

    create: Callable[[Json], Json]
    update: Callable[[int, Json], Json]
    delete: Callable[[int], Json]
    invalid_id: str  #: code for an update that names no id


def run(body: Json, verbs: Verbs) -> Json:
    """Work the three lists in turn; nothing is undone when a later entry fails."""
    lists = {name: _entries(body, name) for name in ("create", "update", "delete")}
    if sum(len(rows) for rows in lists.values()) > MOST:
        text = f"Unable to accept more than {MOST} items for this request."
        raise WooError(413, "woocommerce_rest_request_entity_too_large", text)
    done = {
        "create": [_try(0, partial(verbs.create, one)) for one in lists["create"]],
        "update": [_update(one, verbs) for one in lists["update"]],
        "delete": [_try(one, partial(verbs.delete, _number(one))) for one in lists["delete"]],
    }
    return {name: rows for name, rows in done.items() if rows}


def _entries(body: Json, name: str) -> list[Json]:
    rows = body.get(name) or []
    if not isinstance(rows, list):
        raise invalid_param(name, f"{name} is not of type array")
    return rows


def _update(asked: Json, verbs: Verbs) -> Json:
    number = asked.get("id") if isinstance(asked, dict) else None

    def work() -> Json:
        if not str(number).isdecimal():
            raise WooError(400, verbs.invalid_id, "Invalid ID.")
        return verbs.update(_number(number), asked)

    return _try(number, work)


def _number(value: object) -> int:
    return int(str(value)) if str(value).isdecimal() else 0


def _try(number: object, work: Callable[[], Json]) -> Json:
    try:
        return work()
    except WooError as refused:
        return {"id": number, "error": refused.body()}
