"""Platforms whose answers are made to stop us: the work stays in proportion to their length."""

import json
from collections.abc import Callable
from time import process_time
from urllib.parse import quote

import httpx
import pytest

from chalicelib.connectors.brightpearl.failures import errors_of
from chalicelib.connectors.hosts import HostGuard
from chalicelib.connectors.http import Client, Trace
from chalicelib.connectors.lightspeed import listings as lightspeed
from chalicelib.connectors.redaction import HIDDEN, redact_body, without_secrets
from chalicelib.connectors.square import listings as square
from chalicelib.connectors.woocommerce import listings as woocommerce
from chalicelib.connectors.woocommerce import shipping_ways
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


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("said", ["{}", '{{"message": "no such key {}"}}', "<p>{}</p>"])
@pytest.mark.parametrize("shape", ["plain", "slashes of PHP", "of an address"])
def test_a_secret_that_an_answer_repeats_is_kept_nowhere(
    status: int, said: str, shape: str
) -> None:
    secret = "ck_qqq/www+zzz=="
    shown = {
        "plain": secret,
        "slashes of PHP": secret.replace("/", "\\/"),
        "of an address": quote(secret, safe=""),
    }[shape]
    body = said.format(shown)

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, text=body, headers={"x-debug": shown})

    trace = Trace()
    client = Client(
        consumer="c",
        connection="w",
        platform="w",
        base_url="http://127.0.0.1:9",
        http=httpx.Client(transport=httpx.MockTransport(handler)),
        guard=HostGuard(allow_loopback=True),
        trace=trace,
        secrets=[secret],
    )
    answer = client.call("GET", "/", headers={"Authorization": f"Basic {secret}x"})
    kept = str(trace.exchanges)
    assert "www" not in kept
    assert HIDDEN in kept
    assert status == 200 or b"www" not in answer.body


@pytest.mark.parametrize(
    "plain",
    [square._plain, lightspeed._plain, woocommerce._plain, shipping_ways._plain],
    ids=["square", "lightspeed", "woocommerce", "notes"],
)
def test_a_text_of_open_brackets_is_read_once(plain: Callable[[str], str]) -> None:
    begun = process_time()
    assert plain("<p>a</p>" + "<" * LONG).startswith("a <")
    assert process_time() - begun < 2
