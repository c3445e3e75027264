"""Asking the API: every answer is held against the document the API gives of itself."""

import json
import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from chalice.app import Chalice
from chalice.test import Client, HTTPResponse
from jsonschema import Draft202012Validator

from chalicelib.api.root import document

ERROR = {"$ref": "#/components/schemas/ErrorAnswer"}


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What came back: JSON, or text of another type."""

    status: int
    json: Any
    headers: dict[str, Any]
    text: str = ""

    @property
    def code(self) -> str:
        """The error's word."""
        return str(self.json["error"]["code"])

    @property
    def fields(self) -> list[str]:
        """The fields the error names."""
        return [detail["field"] for detail in self.json["error"]["details"]]

    @property
    def ids(self) -> list[str]:
        """The ids of a page's items."""
        return [item["id"] for item in self.json["items"]]


@dataclass(frozen=True)
class Api:
    """The API as one key sees it."""

    app: Chalice
    key: str | None

    def using(self, key: str | None) -> "Api":
        """The API as another key sees it."""
        return replace(self, key=key)

    def get(self, path: str, /, **query: Any) -> Answered:
        """Read; a list in the query repeats the name. ``from_`` stands for ``from``."""
        named = {name.rstrip("_"): value for name, value in query.items() if value is not None}
        text = urlencode(named, doseq=True)
        return self.send("GET", f"{path}?{text}" if text else path)

    def post(self, path: str, body: Any = None) -> Answered:
        """Start or make something."""
        return self.send("POST", path, body)

    def put(self, path: str, body: Any) -> Answered:
        """Change something."""
        return self.send("PUT", path, body)

    def patch(self, path: str, body: Any) -> Answered:
        """Change a part."""
        return self.send("PATCH", path, body)

    def delete(self, path: str) -> Answered:
        """Remove something."""
        return self.send("DELETE", path)

    def send(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> Answered:
        """Send a request; bytes go as they are, anything else as JSON."""
        sent = dict(headers or {})
        if self.key is not None:
            sent.setdefault("Authorization", f"Bearer {self.key}")
        if not isinstance(body, bytes):
            body = b"" if body is None else json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        with Client(self.app) as client:
            response = client.http.request(method, path, headers=sent, body=body)
        answered = read_answer(response)
        check_against_document(method, path.partition("?")[0], answered)
        return answered


def read_answer(response: HTTPResponse) -> Answered:
    """Read a response by what it says it is."""
    is_json = response.headers.get("Content-Type") == "application/json"
    return Answered(
        status=response.status_code,
        json=json.loads(response.body) if response.body and is_json else None,
        headers=dict(response.headers),
        text=response.body.decode(),
    )


def check_against_document(method: str, path: str, answered: Answered) -> None:
    """Hold an answer against what ``GET /v1/openapi.json`` says of its route."""
    if answered.status >= 400:
        check_shape(answered.json, ERROR)
        assert set(answered.json["error"]) == {"code", "message", "details"}
        assert answered.json["error"]["message"].endswith(".")
        return
    operation = find_operation(method, path)
    said = operation["responses"][f"{answered.status // 100}XX"]
    media = answered.headers.get("Content-Type", "").partition(";")[0]
    if "content" in said:
        value = answered.json if media == "application/json" else answered.text
        check_shape(value, said["content"][media]["schema"])
    else:
        assert answered.json is None


def find_operation(method: str, path: str) -> Any:
    """Return what the document says of a route; an exact address goes before one with names."""
    for template in sorted(document()["paths"]):
        pattern = re.sub(r"{\w+}", "[^/]+", template)
        if re.fullmatch(pattern, path) and method.lower() in document()["paths"][template]:
            return document()["paths"][template][method.lower()]
    raise AssertionError(f"the document knows no {method} {path}")


def check_shape(value: Any, schema: Any) -> None:
    """Fail when a value has another shape than the schema, or fields the schema does not name."""
    whole = {**schema, "components": document()["components"]}
    Draft202012Validator(whole).validate(value)
