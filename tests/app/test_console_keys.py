"""The page of keys: list, make one, revoke one."""

import pytest

from app import app
from chalicelib.domain.ports import Change
from chalicelib.domain.setup import ApiKey, Role
from tests.app.browsing import HOSTILE, Browser, Seen, post, signed_in
from tests.app.toy_world import World

KEYS = "/console/keys"


def make(browser: Browser, **fields: str) -> Seen:
    given = {"name": "Till app", "whose": "consumer", "consumer": "acme", "role": "viewer"}
    return browser.submit(browser.get(KEYS).form("Make the key"), **{**given, **fields})


def all_keys(world: World) -> list[ApiKey]:
    return list(world.services.registry.list_keys(limit=200).items)


def key_named(world: World, name: str) -> ApiKey:
    [found] = [key for key in all_keys(world) if key.name == name]
    return found


def plain_of(seen: Seen) -> str:
    return next(word for word in seen.text.split() if word.startswith("sk_"))


def test_keys_are_listed_with_whose_they_are_and_what_they_may(
    browser: Browser, world: World
) -> None:
    world.key("acme", Role.VIEWER)

    seen = browser.get(KEYS)

    assert seen.status == 200
    assert "viewer of acme acme viewer just now no, in use" in seen.text
    assert "admin of the operator like yours The operator's admin" in seen.text
    assert seen.link("acme") == "/console/consumers/acme"


def test_a_new_key_is_shown_once_with_a_copy_button_and_opens_its_consumer(
    browser: Browser, world: World
) -> None:
    made = make(browser)
    plain = plain_of(made)

    assert made.status == 201
    assert made.headers["Cache-Control"] == "no-store"
    assert f'data-copy="{plain}"' in made.html
    assert plain not in browser.get(KEYS).html
    own = Browser(app)
    own.sign_in(plain)
    assert own.get("/console/consumers/acme/settings").status == 200
    assert own.get("/console/consumers/bistro/settings").status == 404


def test_a_key_of_the_operator_opens_all_consumers(browser: Browser, world: World) -> None:
    made = make(browser, whose="operator", consumer="", role="operator")

    found = key_named(world, "Till app")
    assert (found.consumer, found.role) == (None, Role.OPERATOR)
    other = Browser(app)
    other.sign_in(plain_of(made))
    assert other.get("/console/consumers/bistro/settings").status == 200


def test_a_key_for_the_operator_ignores_a_consumer_that_was_typed_before(
    browser: Browser, world: World
) -> None:
    make(browser, whose="operator", consumer="acme")

    assert key_named(world, "Till app").consumer is None


def test_the_form_can_be_opened_for_a_consumer(browser: Browser) -> None:
    form = browser.get(f"{KEYS}?consumer=acme").form("Make the key")

    assert (form.fields["whose"], form.fields["consumer"]) == (["consumer"], ["acme"])
    assert "whose" not in browser.get(KEYS).form("Make the key").fields


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "Say who will use the key"),
        ({"name": "x" * 101}, "Say who will use the key"),
        ({"whose": ""}, "Choose whose key it is."),
        ({"whose": "everybody"}, "Choose whose key it is."),
        ({"consumer": ""}, "Give the id of the consumer."),
        ({"consumer": "nobody"}, "There is no such consumer."),
        ({"role": "owner"}, "Choose one of these roles."),
        ({"role": ""}, "Choose one of these roles."),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_said_and_stays_typed(
    browser: Browser, world: World, fields: dict[str, str], said: str
) -> None:
    before = len(all_keys(world))

    seen = make(browser, **fields)

    assert seen.status == 422
    assert said in seen.text
    assert "No key is made yet." in seen.text
    kept = seen.form("Make the key").fields
    assert kept["name"] == [fields.get("name", "Till app")]
    assert kept["consumer"] == [fields.get("consumer", "acme")]
    assert len(all_keys(world)) == before


def test_revoking_asks_first_and_then_locks_the_key_out(browser: Browser, world: World) -> None:
    theirs = signed_in(world, "acme", Role.VIEWER)
    key = key_named(world, "viewer of acme")
    asked = browser.get(f"{KEYS}/{key.id}/revoke")
    is_untouched = key_named(world, "viewer of acme").revoked_at is None

    seen = browser.follow(browser.submit(asked.form("Revoke the key")))

    assert "Revoke this key?" in asked.text
    assert is_untouched
    assert "The key “viewer of acme” is revoked." in seen.text
    assert "viewer of acme acme viewer just now just now" in seen.text
    assert theirs.get("/console/consumers/acme/settings").status == 303


def test_a_revoked_key_is_not_revoked_again(browser: Browser, world: World) -> None:
    world.key("acme", Role.VIEWER)
    address = f"{KEYS}/{key_named(world, 'viewer of acme').id}/revoke"
    browser.submit(browser.get(address).form("Revoke the key"))

    seen = browser.get(address)

    assert "This key is revoked" in seen.text
    assert [form.buttons for form in seen.forms] == [["Sign out"]]
    assert browser.get(KEYS).html.count(">Revoke</a>") == 1


def test_revoking_ones_own_key_is_warned_of(browser: Browser, world: World) -> None:
    world.key("acme", Role.ADMIN)
    own = key_named(world, "admin of the operator")
    others = key_named(world, "admin of acme")

    warned = browser.get(f"{KEYS}/{own.id}/revoke")
    calm = browser.get(f"{KEYS}/{others.id}/revoke")
    done = browser.follow(browser.submit(warned.form("Revoke the key")))

    assert "You are signed in with a key of this name and role." in warned.text
    assert "You are signed in" not in calm.text
    assert (done.status, done.location.partition("?")[0]) == (303, "/console/sign-in")


def test_a_key_that_is_not_there_is_not_found(browser: Browser) -> None:
    assert browser.get(f"{KEYS}/nobody/revoke").status == 404
    assert post(browser, f"{KEYS}/nobody/revoke").status == 404


def test_a_key_far_down_the_list_is_found(browser: Browser, world: World) -> None:
    own = key_named(world, "admin of the operator")
    for number in range(205):
        key = ApiKey(
            id=f"z{number:019}",
            hash=f"{number:064}",
            consumer="acme",
            role=Role.VIEWER,
            name=f"{HOSTILE} {number} {'é' * 60}",
            created_at=world.time,
        )
        world.services.registry.save(Change(puts=[key]))

    seen = browser.get(KEYS)

    assert browser.get(f"{KEYS}/{own.id}/revoke").status == 200
    assert HOSTILE not in seen.html
    assert HOSTILE in seen.text
    assert seen.html.count('scope="row"') == 50
    assert len(seen.html.encode()) < 50_000
    assert browser.get(browser.get(seen.link("Next")).link("Previous")).html.count("<tr>") == 51


@pytest.mark.parametrize(
    ("consumer", "role"), [(None, Role.VIEWER), (None, Role.OPERATOR), ("acme", Role.ADMIN)]
)
def test_only_admins_of_the_operator_see_and_change_keys(
    world: World, consumer: str | None, role: Role
) -> None:
    browser = signed_in(world, consumer, role)
    [mine] = all_keys(world)

    made = post(browser, KEYS, name="X", whose="operator", role="admin")

    assert "Keys" not in browser.get("/console/consumers/acme/settings").text.split()
    assert browser.get(KEYS).status == 403
    assert browser.get(f"{KEYS}/{mine.id}/revoke").status == 403
    assert post(browser, f"{KEYS}/{mine.id}/revoke").status == 403
    assert made.status == 403
    assert [key.revoked_at for key in all_keys(world)] == [None]
