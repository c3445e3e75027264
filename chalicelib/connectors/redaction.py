"""Keeps secrets and personal data out of recorded exchanges, and bounds them."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

#: Longest body that is kept of one side of an exchange, in characters.
BODY_AT_MOST = 16_384
HIDDEN = "[hidden]"
SECRET_AT_LEAST = 6  #: characters; shorter ones would blank out plain words
TOO_DEEP = "[a body that nests too deep to be read]"

_SECRET_HEADERS = re.compile(r"auth|token|secret|cookie|signature|api-?key", re.IGNORECASE)
_SECRET_NAMES = re.compile(
    r"token|secret|password|signature|api_?key|consumer_?key|card|\bpan\b|cvv|fingerprint|verifier",
    re.IGNORECASE,
)
_PERSONAL_NAMES = re.compile(
    r"e-?mail|phone|mobile|address|postal|post_?code|given_?name|family_?name|first_?name|last_?name"
    r"|full_?name|birthday|company_?name|(^|customer_)note$|nickname|locality"
    r"|^(billing|shipping)(\.|$)",
    re.IGNORECASE,
)
#: Begins where a run of its letters begins, and takes what is glued to its end: looking from each
#: letter for the sign that may never come would take a square of the text's length.
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+(?:@[\w-]+\.[\w.+-]+)+")
_EMAIL_BYTES = re.compile(EMAIL.pattern.encode())
#: The last part of our own webhook addresses, which whoever knows it can send to.
_WEBHOOK = re.compile(r"(/webhooks/[\w-]+/)[^\s/?#\"']+")
#: Half a character, as JSON may escape one: no store takes it.
_HALF = re.compile(r"[\ud800-\udfff]")
#: A refusal may repeat the token it refuses: "Invalid token: abc".
_TOKEN_IN_TEXT = re.compile(r"(token\s*[:=]\s*)\S+", re.IGNORECASE)


#: What the HTTP client adds to every request by itself: it tells nobody anything.
_OF_EVERY_REQUEST = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "host", "user-agent"}
)

#: Headers that hold an address; a redirect repeats the query of the call, with what it holds.
_ADDRESSES = frozenset({"location", "content-location"})


def redact_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers with every credential hidden, and those within an address to go to."""
    return {key.lower(): _redact_header(key.lower(), value) for key, value in headers.items()}


def _redact_header(key: str, value: str) -> str:
    if _SECRET_HEADERS.search(key):
        return HIDDEN
    if key not in _ADDRESSES:
        return value
    try:
        return redact_url(value)
    except ValueError:
        return HIDDEN


def redact_request_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return a request's own headers, without those that every request has."""
    shown = redact_headers(headers)
    return {name: value for name, value in shown.items() if name not in _OF_EVERY_REQUEST}


def redact_url(url: str) -> str:
    """Return an address with secrets and e-mail addresses of its query hidden."""
    parts = urlsplit(url)
    query = [
        (key, _redact_pair(key, value))
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    whole = parts._replace(query=urlencode(query, safe="[]:/,"), netloc=_host(parts.netloc))
    return _WEBHOOK.sub(rf"\1{HIDDEN}", urlunsplit(whole))


def _host(netloc: str) -> str:
    return netloc.rpartition("@")[2]


def _redact_pair(key: str, value: str) -> str:
    """In an address or a form, ``code`` is what a token is had for."""
    return HIDDEN if key == "code" else _redact_text(key, value)


def _redact_text(key: str, value: str) -> str:
    if _is_secret(key) or _is_personal(key):
        return HIDDEN
    # Most texts are neither, and a page of a hundred records has thousands.
    if "token" in value.lower():
        value = _TOKEN_IN_TEXT.sub(rf"\1{HIDDEN}", value)
    if "/webhooks/" in value:
        value = _WEBHOOK.sub(rf"\1{HIDDEN}", value)
    return EMAIL.sub(HIDDEN, value) if "@" in value else value


@lru_cache(maxsize=2048)  # the same few names in every record
def _is_secret(name: str) -> bool:
    return _SECRET_NAMES.search(name) is not None


@lru_cache(maxsize=2048)
def _is_personal(name: str) -> bool:
    return _PERSONAL_NAMES.search(name) is not None


def redact_body(body: bytes) -> str:
    """Return a body as text: JSON by field names, else only what is short and harmless."""
    if not body:
        return ""
    try:
        data = _redact_value("", json.loads(body))
        return _cut(json.dumps(data, ensure_ascii=False))
    except ValueError:
        return _redact_plain(body)
    except RecursionError:
        return TOO_DEEP


def _redact_plain(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    if "=" in text and "<" not in text and "\n" not in text[:200]:
        pairs = parse_qsl(text, keep_blank_values=True)
        return _cut("&".join(f"{key}={_redact_pair(key, value)}" for key, value in pairs))
    return _cut(_redact_text("", text))


def _redact_value(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        # What stands under "telephones" is a telephone, whatever its own name is.
        under = f"{key}." if _is_personal(key) else ""
        if "grant_type" in value and "code" in value:
            value = {**value, "code": HIDDEN}  # elsewhere a code is a tax, an error, a status
        return {name: _redact_value(under + name, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_redact_value(key, inner) for inner in value]
    if isinstance(value, str):
        return _redact_text(key, value)
    return HIDDEN if value is not None and _is_secret(key) else value


def _cut(text: str) -> str:
    text = _HALF.sub("\ufffd", text)
    return text if len(text) <= BODY_AT_MOST else text[:BODY_AT_MOST] + "…"


def without_secrets(body: bytes, secrets: Iterable[str]) -> bytes:
    """Return what a platform said of a refused call, without our secrets and e-mail addresses.

    Its words become sentences for people, and some platforms repeat what they refuse.
    """
    return _EMAIL_BYTES.sub(HIDDEN.encode(), hide_secrets(body, secrets))


def hide_secrets(body: bytes, secrets: Iterable[str]) -> bytes:
    """Return a text without our secrets, as they are, in JSON of PHP, and in an address."""
    for secret in secrets:
        if len(secret) < SECRET_AT_LEAST:
            continue
        for form in {secret, secret.replace("/", "\\/"), quote(secret, safe="")}:
            body = body.replace(form.encode(), HIDDEN.encode())
    return body


def secrets_of(credentials: Mapping[str, str]) -> tuple[str, ...]:
    """Return the credentials that open something; an id or a time of an account does not."""
    return tuple(value for name, value in credentials.items() if _is_secret(name))


def sent_secrets(headers: Mapping[str, str]) -> list[str]:
    """Return the credentials in the headers of a call, each without its scheme."""
    values = [value for key, value in headers.items() if _SECRET_HEADERS.search(key)]
    return [part for value in values for part in (value, value.partition(" ")[2])]
