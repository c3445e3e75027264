"""The request being answered, and its body.

Chalice keeps the current request in one attribute of the app: with threads, one request would see
another's. A context variable belongs to the thread that answers, whatever class the app is of.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from chalice.app import Request, Response

from chalicelib import wiring
from chalicelib.api import errors
from chalicelib.flows.setup.errors import InvalidError, Problem
from chalicelib.ops.logging import correlated, note

if TYPE_CHECKING:
    from pydantic import BaseModel

_current: ContextVar[Request] = ContextVar("request")

JSON_TYPES = ("application/json", "text/json")


def answer_in_our_shape(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Chalice middleware: makes the request known to its handler and every answer one of ours.

    A defect is logged by Chalice with its trace; the id in that line is in the answer too, and in
    every row that the request asks for.
    """
    request_id, started = _id_of(request), time.perf_counter()
    with _made_known(request), correlated(request_id):
        response = errors.reshape(get_response(request), request_id=request_id)
        _note_answer(request, response.status_code, time.perf_counter() - started)
        return response


def current() -> Request:
    """Return the request that this thread is answering."""
    return _current.get()


def read_raw_body(request: Request, *, limit: int) -> bytes:
    """Return the body as it was received.

    Raises:
        ApiError: 413 when it has more than ``limit`` bytes.
    """
    raw = request.raw_body
    body = raw.encode() if isinstance(raw, str) else raw
    if len(body) > limit:
        raise errors.too_large(limit)
    return body


def read_body(request: Request, model: "type[BaseModel]", *, limit: int) -> Any:
    """Return the body as the model has it; no body counts as an empty object.

    Raises:
        ApiError: 400 when it is no JSON, 413 when it is too large.
        InvalidError: it is no object, or fields are missing, unknown or do not fit: all are named.
    """
    raw = read_raw_body(request, limit=limit)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and raw and kind not in JSON_TYPES and not kind.endswith("+json"):
        message = f"Send the body as JSON, with Content-Type: application/json, not {kind[:60]}."
        raise errors.bad_request(message, code="unsupported_media_type")
    return read_json(raw, model)


def read_json(raw: bytes, model: "type[BaseModel]") -> Any:
    """Return JSON as the model has it; nothing counts as an empty object.

    Raises:
        ApiError: 400 when it is no JSON.
        InvalidError: it is no object, or fields are missing, unknown or do not fit: all are named.
    """
    from pydantic import ValidationError

    try:
        return model.model_validate_json(raw or b"{}")
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
    if any(problem["type"] == "json_invalid" for problem in problems):
        raise errors.bad_request("The body is not JSON that can be read.")
    raise InvalidError([_problem_of(problem) for problem in problems])


def _problem_of(problem: Any) -> Problem:
    """Say what is wrong with a field, without the value that was given: it may be a secret."""
    place = ".".join(str(part) for part in problem["loc"])
    if not place:
        return Problem(field="body", message="The body must be a JSON object.")
    message = _SENTENCES.get(problem["type"], str(problem["msg"]))
    return Problem(field=place[:100], message=message)


_SENTENCES = {
    "extra_forbidden": "There is no such field.",
    "missing": "It is needed.",
}


def _id_of(request: Request) -> str:
    """Return the gateway's id, which the caller gets as a header too; else the function's.

    The gateway's other id, ``requestId``, is one that callers may choose (API Gateway, "$context
    variables for access logging").
    """
    function = getattr(request.lambda_context, "aws_request_id", None)
    return str((request.context or {}).get("extendedRequestId") or function or wiring.new_id())


@contextmanager
def _made_known(request: Request) -> Iterator[None]:
    """Let handlers find the request."""
    token = _current.set(request)
    try:
        yield
    finally:
        _current.reset(token)


def _note_answer(request: Request, status: int, seconds: float) -> None:
    """Note an answer: the route as declared, never its parts or its query, which may be personal.

    A delivery leaves a line of its own, which says more.
    """
    path = str((request.context or {}).get("resourcePath", ""))
    if path.startswith("/webhooks/") and status < 500:
        return
    note(
        "api.failed" if status >= 500 else "api.answered",
        method=request.method,
        route=path,
        status=status,
        duration_ms=round(seconds * 1000),
        consumer=(request.uri_params or {}).get("consumer"),
    )
