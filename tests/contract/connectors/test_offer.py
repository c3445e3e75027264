"""What every platform says of itself before anything is asked."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from chalicelib.connectors.catalog import OFFERS
from chalicelib.domain.paces import PACE_SETTINGS, TIMEOUT_AT_MOST_S
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Kind
from tests.contract.connectors.entries import ENTRIES, every_platform
from tests.contract.connectors.suite import Entry, Running

ROOT = Path(__file__).parents[3]
#: Modules that importing an offer must not wait for.
HEAVY = ("httpx", "pydantic", "pydantic_core", "cryptography")
#: Of a platform's folder only these say what it is; the rest talks to it.
LIGHT = ("offer", "application", "sign_in")
SECRET_NAMES = re.compile(r"(token|secret|password|_key)$")
#: What a README has to tell, and the words by which it does.
TOLD = {
    "version": r"version",
    "limits": r"limit",
    "paging": r"\bpag(e|es|ing)\b|cursor",
    "signature": r"\bsign(ed|s|ature)\b",
    "idempotency": r"idempoten|\bsingle\b|\bonce\b",
}


def test_every_platform_of_the_catalogue_is_under_contract() -> None:
    assert {entry.offer.name for entry in ENTRIES} == set(OFFERS)


@every_platform()
def test_every_kind_that_is_offered_is_under_contract(entry: Entry) -> None:
    assert {case.kind for case in entry.sources} == set(entry.offer.sources)
    assert {case.kind for case in entry.targets} == set(entry.offer.targets)


@every_platform()
def test_a_kind_that_is_not_offered_is_a_lookup_error(entry: Entry, running: Running) -> None:
    for kind in Kind:
        if kind not in entry.offer.sources:
            with pytest.raises(LookupError):
                running.source(kind)
        if kind not in entry.offer.targets:
            with pytest.raises(LookupError):
                running.target(kind)


@every_platform()
def test_every_field_has_a_label_and_a_name_of_its_own(entry: Entry) -> None:
    names = [one.name for one in entry.offer.fields]

    assert all(one.label and one.label[0].isupper() for one in entry.offer.fields)
    assert len(set(names)) == len(names)
    assert set(PACE_SETTINGS) <= set(names)


@every_platform()
def test_secrets_are_marked_as_secrets(entry: Entry, running: Running) -> None:
    secret = {one.name for one in entry.offer.fields if one.secret}
    by_name = {one.name for one in entry.offer.fields if SECRET_NAMES.search(one.name)}

    assert by_name <= secret
    assert set(running.account.credentials) <= secret
    assert all(one.default is None for one in entry.offer.fields if one.secret)


@every_platform()
def test_the_pace_is_one_that_work_can_be_done_at(entry: Entry) -> None:
    pace = entry.offer.pace

    assert pace.calls >= 1
    assert pace.window_s >= 1
    assert pace.settle_s >= 0
    assert 0 < pace.timeout_s <= TIMEOUT_AT_MOST_S
    assert 0 < pace.awaiting_every_s <= pace.awaiting_limit_s


@every_platform()
def test_people_are_told_what_they_need_before_they_connect(entry: Entry) -> None:
    assert entry.offer.prerequisites
    assert all(one.endswith(".") for one in entry.offer.prerequisites)


@every_platform()
def test_importing_an_offer_loads_nothing_that_talks_to_the_platform(entry: Entry) -> None:
    package = f"chalicelib.connectors.{entry.offer.name}"
    program = f"import sys, {package}; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    loaded = set(told.split())

    assert f"{package}.offer" in loaded
    assert loaded.isdisjoint(HEAVY)
    assert {one for one in loaded if one.startswith(f"{package}.")} <= {
        f"{package}.{light}" for light in LIGHT
    }


@every_platform()
def test_every_word_of_choices_is_answered_with_ids_of_their_own(
    entry: Entry, running: Running
) -> None:
    platform = running.platform()
    for what in entry.offer.choices:
        choices = platform.list_choices(what)
        ids = [one.id for one in choices]
        assert len(set(ids)) == len(ids), what
        assert all(one.id and one.name for one in choices), what
    with pytest.raises(LookupError):
        platform.list_choices("moods of the sea")


@every_platform()
def test_a_record_of_a_simulator_has_no_page_for_people(entry: Entry, running: Running) -> None:
    for kind in Kind:
        for record in ("1042", "a/b?c=d#e", ""):
            assert entry.offer.record_url(running.account.connection, kind, record) is None


@every_platform()
def test_a_page_for_people_is_an_https_address_whatever_the_record_is_called(entry: Entry) -> None:
    connection = Connection(consumer="c", name=entry.offer.name, platform=entry.offer.name)
    for kind in Kind:
        for record in ("1042", "a/b?c=d#e", "ü 1", ""):
            url = entry.offer.record_url(connection, kind, record)
            assert url is None or urlsplit(url).scheme == "https"


@every_platform()
def test_the_readme_tells_what_whoever_mends_it_has_to_know(entry: Entry) -> None:
    text = (ROOT / "chalicelib/connectors" / entry.offer.name / "README.md").read_text()

    missing = [what for what, words in TOLD.items() if not re.search(words, text, re.IGNORECASE)]

    assert not missing
