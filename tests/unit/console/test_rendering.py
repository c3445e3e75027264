"""JSON in colours, texts cut, values escaped."""

import pytest
from jinja2 import UndefinedError

from chalicelib.console.rendering import clip, environment, json_html, version_of


@pytest.mark.parametrize(
    ("value", "html"),
    [
        ({"a": 1}, "{\n  <b>&#34;a&#34;</b>: <u>1</u>\n}"),
        ('{"a": "x"}', "{\n  <b>&#34;a&#34;</b>: <i>&#34;x&#34;</i>\n}"),
        ('{"a": tru', "{<b>&#34;a&#34;</b>: tru"),
        ("[true, null, -1.5e3]", "[\n  <u>true</u>,\n  <u>null</u>,\n  <u>-1500.0</u>\n]"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(<u>1</u>)&lt;/script&gt;"),
        ('"</pre><b onclick=x>"', "<i>&#34;&lt;/pre&gt;&lt;b onclick=x&gt;&#34;</i>"),
        ('{"é": "\\" :"}', "{\n  <b>&#34;é&#34;</b>: <i>&#34;\\&#34; :&#34;</i>\n}"),
        ("", ""),
    ],
)
def test_json_is_coloured_and_nothing_in_it_becomes_markup(value: object, html: str) -> None:
    assert str(json_html(value)) == html


def test_a_text_that_is_cut_says_so() -> None:
    assert (clip("abcdef", 6), clip("abcdefg", 6), clip(12, 6)) == ("abcdef", "abcde…", "12")


def test_values_are_escaped_by_themselves() -> None:
    made = environment().from_string('<p title="{{ name }}">{{ name }}</p>').render(name='"<&')
    assert made == '<p title="&#34;&lt;&amp;">&#34;&lt;&amp;</p>'


def test_a_name_that_a_template_lacks_is_a_defect() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ nothing }}").render()


def test_addresses_of_files_change_with_their_content() -> None:
    assert version_of("console.css") != version_of("console.js")
    assert version_of("console.css") == version_of("console.css")
