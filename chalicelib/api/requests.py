"""The request being answered, and its body.

Chalice keeps the current request in one attribute of the app: with threads, one request would see
another's. A context variable belongs to the thread that answers, whatever class the app is of.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from chalice.app import Request, Response

from chalicelib.api import errors
from chalicelib.flows.setup.errors import InvalidError, Problem
from chalicelib.ops.logging import logger

if TYPE_CHECKING:
    from pydantic import BaseModel

_current: ContextVar[Request] = ContextVar("request")

JSON_TYPES = ("application/json", "text/json")


def answer_in_our_shape(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Chalice middleware: makes the request known to its handler and every answer one of ours.

    A defect is logged by Chalice with its trace; the id in that line is in the answer too.
    """
    request_id = _id_of(request)
    with _made_known(request, request_id):
        return errors.reshape(get_response(request), request_id=request_id)


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
    from pydantic import ValidationError

    raw = read_raw_body(request, limit=limit)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and raw and kind not in JSON_TYPES and not kind.endswith("+json"):
        message = f"Send the body as JSON, with Content-Type: application/json, not {kind[:60]}."
        raise errors.bad_request(message, code="unsupported_media_type")
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


def _id_of(request: Request | None) -> str:
    context = getattr(request, "lambda_context", None)
    return str(getattr(context, "aws_request_id", "unknown"))


@contextmanager
def _made_known(request: Request, request_id: str) -> Iterator[None]:
    """Let handlers find the request, and log lines of this thread carry its id."""
    token = _current.set(request)
    logger().thread_safe_append_keys(request=request_id)
    try:
        yield
    finally:
        logger().thread_safe_remove_keys(["request"])
        _current.reset(token)
