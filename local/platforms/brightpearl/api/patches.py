"""JSON patch as Brightpearl takes it: ``replace`` and ``remove`` only, all or nothing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local.platforms.brightpearl.faults import BAD_PATCH, Checker, VendorFault

Setter = Callable[[Any, Checker], Callable[[], None] | None]


def apply_patch(
    operations: Sequence[Mapping[str, Any]], setters: Mapping[str, Setter], check: Checker
) -> None:
    """Check every operation, then apply them all.

    A setter receives the new value (None for ``remove``), notes what is wrong with it, and returns
    what to do. An operation of another kind is answered 500 by the vendor, not 400.
    """
    changes = []
    for operation in operations:
        kind, path = operation.get("op"), operation.get("path")
        if kind not in ("replace", "remove"):
            raise VendorFault(500, (BAD_PATCH, f"Unsupported patch operation {kind!r}"))
        setter = setters.get(path) if isinstance(path, str) else None
        if setter is None:
            check.add(f"path {path!r} cannot be patched")
            continue
        changes.append(setter(operation.get("value") if kind == "replace" else None, check))
    check.finish()
    for change in changes:
        if change is not None:
            change()
