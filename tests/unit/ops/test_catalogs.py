"""What the code notes and counts is declared, and what is declared is noted and counted."""

import ast
from collections.abc import Iterator
from pathlib import Path

from chalicelib.ops.events import EVENTS
from chalicelib.ops.metrics import METRICS

ROOT = Path(__file__).parents[3]
SOURCES = [*(ROOT / "chalicelib").rglob("*.py"), *(ROOT / "local").glob("*.py")]

#: Chalice or the logger itself is called here, with an event as the message.
LOGGED = ("error", "exception", "warning", "info")


def calls_of(*names: str) -> Iterator[ast.Call]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and name_of(node.func) in names:
                yield node


def name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def texts_of(call: ast.Call) -> set[str]:
    """The texts a call's first argument can be: one, or either of a condition's two."""
    parts = ast.walk(call.args[0]) if call.args else ()
    return {
        part.value
        for part in parts
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def noted() -> set[str]:
    texts = {text for call in calls_of("note", *LOGGED) for text in texts_of(call)}
    return {text for text in texts if text.count(".") == 1 and text.replace(".", "").isalpha()}


def counted() -> dict[str, set[str | None]]:
    found: dict[str, set[str | None]] = {}
    for call in calls_of("count"):
        if call.args and name_of(call.func) == "count" and is_of_services(call.func):
            for text in texts_of(call):
                found.setdefault(text, set()).update(word.arg for word in call.keywords)
    return found


def is_of_services(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and name_of(function.value) == "services"


def test_every_event_that_is_noted_is_declared() -> None:
    assert noted() <= EVENTS.keys()


def test_every_metric_that_is_counted_is_declared_with_its_dimension() -> None:
    for name, dimensions in counted().items():
        assert name in METRICS
        assert dimensions <= {METRICS[name].dimension, None}, name
