"""What a sign-in needs before, and the proof of an application without a secret."""

from datetime import timedelta

import pytest

from chalicelib.domain.sign_in import SignedIn, SignIn, challenge_of, life_of

SIGN_IN = SignIn(
    needs=("account", "client_id"),
    gives=("access_token", "refresh_token"),
    instead=("staff_token",),
    address=lambda asking: "https://till.example/agree",
    exchange=lambda account, answered: SignedIn(credentials={}),
)
READY = {"account": "acme", "client_id": "ours"}


def test_the_challenge_is_that_of_the_standard() -> None:
    """RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    ("known", "missing"),
    [
        ({}, ["account", "client_id"]),
        ({"account": "", "client_id": None}, ["account", "client_id"]),
        ({"account": "acme"}, ["client_id"]),
        (READY, []),
    ],
    ids=["nothing", "empty", "one", "all"],
)
def test_what_is_empty_is_missing(known: dict[str, str], missing: list[str]) -> None:
    assert SIGN_IN.missing(known) == missing


@pytest.mark.parametrize(
    ("known", "awaited"),
    [
        (READY, True),
        ({**READY, "refresh_token": "old"}, True),
        ({**READY, "access_token": "there"}, False),
        ({**READY, "staff_token": "there"}, False),
        ({"account": "acme"}, False),
    ],
    ids=["ready", "old rest", "signed in", "other token", "not ready"],
)
def test_signing_in_is_awaited_where_it_is_all_that_is_missing(
    known: dict[str, str], awaited: bool
) -> None:
    assert SIGN_IN.is_awaited(known) is awaited


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (3600, 3600),
        ("3600", 3600),
        (0, 0),
        (999_999_999, 999_999_999),
        (1_000_000_000, 60),
        (10**30, 60),
        ("9" * 5000, 60),
        ("\u00b2", 60),
        (-5, 60),
        (1.5, 60),
        (None, 60),
        ({}, 60),
    ],
)
def test_a_token_lives_as_told_unless_that_cannot_be(told: object, seconds: int) -> None:
    assert life_of(told, otherwise_s=60) == timedelta(seconds=seconds)
