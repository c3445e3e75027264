"""Templates to HTML, and the headers every page has."""

import hashlib
import html
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.console import words

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

HERE = Path(__file__).parent
STATIC = HERE / "static"

HEADERS: Mapping[str, str] = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


def render(template: str, **values: Any) -> str:
    """Return a template with its values; every value is escaped."""
    return whole(environment().get_template(template).render(**values))


@cache
def environment() -> "Environment":
    """Return the templates of this process; a name that a template lacks is a defect."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(json=json_html, number=_number, clip=clip)
    made.globals.update(words=words, count_of=words.count_of)
    return made


@cache
def version_of(name: str) -> str:
    """Return a word that changes with a static file's content."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def clip(text: Any, most: int = 120) -> str:
    """Return a text cut to so many characters; an ellipsis says that it was."""
    plain = str(text)
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def bytes_of(text: str) -> int:
    """Return how many bytes a text takes on a page."""
    return len(html.escape(text).encode(errors="surrogatepass"))


def whole(text: str) -> str:
    """Return a text that can be sent: halves of letters become a sign that one is missing.

    Platforms cut names at any place, and JSON can say half an emoji.
    """
    return _HALF.sub("\ufffd", text)


def pretty(text: str) -> str:
    """Return JSON with line breaks; what is none, was cut, or is too deep stays as it is."""
    try:
        return whole(json.dumps(json.loads(text), indent=2, ensure_ascii=False))
    except (ValueError, RecursionError):
        return whole(text)


_HALF = re.compile("[\ud800-\udfff]")

#: A name, a text, or a number and the like, in this order. A text that was cut goes on to the end:
#: looking for the end of each quote within it again would take a square of its length.
_TOKEN = re.compile(
    r'(?P<b>"(?:[^"\\]|\\.)*+")(?=\s*:)|(?P<i>"(?:[^"\\]|\\.)*+(?:"|\\?\Z))'
    r"|(?P<u>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\btrue\b|\bfalse\b|\bnull\b)",
    re.DOTALL,
)


def json_html(value: Any) -> "Markup":
    """Return JSON, or its text, coloured: names in ``b``, texts in ``i``, the rest in ``u``."""
    from markupsafe import Markup, escape

    tags = {
        "b": (Markup("<b>"), Markup("</b>")),
        "i": (Markup("<i>"), Markup("</i>")),
        "u": (Markup("<u>"), Markup("</u>")),
    }
    is_text = isinstance(value, str)
    text = pretty(value) if is_text else whole(json.dumps(value, indent=2, ensure_ascii=False))
    parts, end = [], 0
    for found in _TOKEN.finditer(text):
        opening, closing = tags[str(found.lastgroup)]
        parts += [escape(text[end : found.start()]), opening, escape(found.group()), closing]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _number(value: int) -> str:
    return f"{value:,}"
