"""Pages of lists that are read whole."""

import base64

import pytest

from chalicelib.api.paging import Paging, read_paging, slice_page
from chalicelib.domain.log import CursorError, Page
from chalicelib.flows.setup.errors import InvalidError

ITEMS = list("abcdefg")


def page(limit: int, cursor: str | None = None, question: str = "letters") -> Page[str]:
    return slice_page(ITEMS, Paging(limit=limit, cursor=cursor), question=question)


def test_pages_hold_each_item_once_and_end() -> None:
    first = page(3)
    second = page(3, first.next)
    third = page(3, second.next)

    assert [*first.items, *second.items, *third.items] == ITEMS
    assert (first.previous, third.next) == (None, None)
    assert page(len(ITEMS)).next is None


def test_the_way_back_is_the_way_there() -> None:
    second = page(3, page(3).next)

    assert page(3, second.previous).items == page(3).items
    assert page(3, page(3, second.next).previous).items == second.items


def test_a_cursor_beyond_a_list_that_became_shorter_gives_an_empty_page() -> None:
    beyond = base64.urlsafe_b64encode(b"letters:100").decode().rstrip("=")

    assert page(3, beyond).items == []
    assert page(3, beyond).next is None


@pytest.mark.parametrize("cursor", ["?", "é", "AAAA", "bGV0dGVyczot", "bGV0dGVyczp4"])
def test_a_broken_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(CursorError):
        page(3, cursor)


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(CursorError):
        page(3, page(3).next, question="numbers")


def test_a_limit_has_a_usual_value_and_bounds() -> None:
    assert read_paging({}) == Paging(limit=50, cursor=None)
    assert read_paging({"limit": ["200"], "cursor": ["c"]}) == Paging(limit=200, cursor="c")
    with pytest.raises(InvalidError):
        read_paging({"limit": ["201"]})
