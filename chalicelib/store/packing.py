"""JSON values as compressed text, for items that hold long bodies."""

import base64
import json
import zlib
from typing import Any

_RAW = -15  #: deflate without zlib's own head and checksum: what is stored is checked by the store

#: What calls over HTTP have in common, the likeliest last. A short text alone hardly compresses;
#: beside this one it does. Never changed: a better one would get the next number.
_USUAL_OF_CALLS = {
    1: b'"response_headers":{"content-length":"","content-type":"application/json; charset=utf-8",'
    b'"date":"Sun, 01 Jan 2026 00:00:00 GMT","etag":"","location":"","request-id":"","server":"",'
    b'"retry-after":"","x-request-id":""}{"error":{"code":"","message":""},"errors":[{"category":'
    b'"","code":"","detail":"","field":""}],"id":"","name":"","type":"","version":"",'
    b'"created_at":"2026-","updated_at":"","status":"","quantity":"","amount":,"currency":"GBP",'
    b'"sku":"","price":"","date":"","value":"","text":"","description":"","orderId":,"productId":,'
    b'"[hidden]"{"error":"","request_body":"{\\"","request_headers":{"authorization":"[hidden]",'
    b'"content-type":"application/json"},"response_body":"{\\"response\\": [{\\"id\\": ",'
    b'"response_headers":{"content-length":"","content-type":"application/json; charset=utf-8"},'
    b'"url":"https://'
}
USUAL = max(_USUAL_OF_CALLS)  #: number of the text that calls are packed with


def pack(value: Any) -> str:
    """Return JSON values as text an attribute can hold."""
    return to_text(zlib.compress(to_json(value)))


def unpack(text: str) -> Any:
    """Read what ``pack`` made."""
    return json.loads(zlib.decompress(from_text(text)))


def pack_call(value: Any) -> str:
    """Return what was said in a call as text; ``USUAL`` has to be kept with it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, _RAW, zdict=_USUAL_OF_CALLS[USUAL])
    return to_text(packer.compress(to_json(value)) + packer.flush())


def unpack_call(text: str, usual: int | None) -> Any:
    """Read what ``pack_call`` made with the text of this number, or ``pack``, without one."""
    if usual is None:
        return unpack(text)
    opener = zlib.decompressobj(_RAW, zdict=_USUAL_OF_CALLS[usual])
    return json.loads(opener.decompress(from_text(text)) + opener.flush())


def to_json(value: Any) -> bytes:
    """Return JSON of a canonical form: equal values give equal bytes."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def to_text(data: bytes) -> str:
    """Return bytes as text."""
    return base64.b64encode(data).decode()


def from_text(text: str) -> bytes:
    """Read bytes from text."""
    return base64.b64decode(text)
