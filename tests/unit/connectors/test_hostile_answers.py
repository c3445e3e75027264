"""Platforms whose answers are made to stop us: the work stays in proportion to their length."""

import json
from collections.abc import Callable
from time import process_time

import pytest

from chalicelib.connectors.brightpearl.failures import errors_of
from chalicelib.connectors.redaction import HIDDEN, redact_body, without_secrets
from chalicelib.ops.logging import REDACTED, redact

#: Looked at from each of its letters, a text of this length would take minutes.
LONG = 300_000

BOMBS = {
    "refusal": lambda: without_secrets(b"a" * LONG, []),
    "text of a body": lambda: redact_body(json.dumps({"x": "@" + "a" * LONG}).encode()),
    "page": lambda: redact_body(b"<@" + b"a" * LONG),
    "domain without end": lambda: redact_body(b"<a@" + b"a-" * LONG),
    "many signs": lambda: redact_body(b"<" + b"a@" * LONG),
    "log line": lambda: redact({"x": "@ " + "a" * LONG}),
    "error of the ERP": lambda: errors_of({"errors": [{"message": "a" * LONG}]}),
}


@pytest.mark.parametrize("read", BOMBS.values(), ids=BOMBS.keys())
def test_a_long_run_of_letters_is_searched_for_addresses_once(read: Callable[[], object]) -> None:
    begun = process_time()
    read()
    assert process_time() - begun < 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ann@shop.example", "*"),
        ("from ann.o+x@shop.example, to b@c.example.", "from *, to *"),
        ("ann@shop.example+bob@shop.example!", "*!"),
        ("a@b.c@d.e", "*"),
        ("x@y@z.example", "x@*"),
        ("ann@shop and @shop.example", "ann@shop and @shop.example"),
    ],
)
def test_addresses_are_found_however_they_stand(text: str, shown: str) -> None:
    told = json.loads(redact_body(json.dumps({"x": text}).encode()))["x"]
    assert told == shown.replace("*", HIDDEN)
    assert without_secrets(text.encode(), []).decode() == shown.replace("*", HIDDEN)
    assert "ann@shop.example" not in redact(text)
    assert (redact(text) == text) == ("*" not in shown)
    assert redact("ann@shop.example") == REDACTED
