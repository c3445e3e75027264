"""The table of pages: it names every page there is, and nothing else."""

import inspect
from importlib import import_module
from pathlib import Path

import pytest

from chalicelib.console.routes import CONNECT_PAGES, PAGES, Page
from chalicelib.console.routing import PACKAGE, load

FOLDER = Path(import_module(PACKAGE).__file__ or "").parent


EVERY = (*PAGES, *CONNECT_PAGES)


@pytest.mark.parametrize("page", EVERY, ids=lambda page: f"{page.method} {page.root}{page.path}")
def test_each_address_has_its_function(page: Page) -> None:
    function = load(page.function)
    assert list(inspect.signature(function).parameters) == ["visit"]
    assert function.__doc__


def test_each_page_has_its_address() -> None:
    modules = [path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__"]
    there = {
        f"{module}.{name}"
        for module in modules
        for name, found in vars(import_module(f"{PACKAGE}.{module}")).items()
        if inspect.isfunction(found)
        and found.__module__ == f"{PACKAGE}.{module}"
        and not name.startswith("_")
        and str(inspect.signature(found).return_annotation).endswith("Response'>")
    }
    assert there == {page.function for page in EVERY}


def test_strangers_may_sign_in_and_nothing_else() -> None:
    public = {page.function.partition(".")[0] for page in EVERY if page.is_public}
    assert public == {"sign_in", "static"}


def test_a_page_belongs_to_the_menus_entry_of_its_module() -> None:
    areas = {page.function: page.area for page in PAGES}
    assert areas["flows.save_settings"] == "flows"
    assert areas["dead_letters.show"] == "dead-letters"
    assert areas["row.show_row"] == areas["export.show"] == "logs"
