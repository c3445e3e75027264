"""Variants that a till takes only when it makes their product are worked together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

import pytest

from chalicelib.domain.log import Link
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows.declare import Planning
from chalicelib.flows.families import SISTERS_AT_MOST
from tests.toy import CONSUMER
from tests.toy_platforms import Thing
from tests.unit.flows.scenes import LEASE_S, Reader, Scene, open_scene


@dataclass(frozen=True, kw_only=True)
class Variant(Thing):
    """A product of the shop that may be one of several of a group."""

    group_id: str | None


@dataclass
class Wardrobe(Reader):
    """A shop that knows which of its products are variants of one thing."""

    groups: dict[str, str] = field(default_factory=dict)  #: by record
    groups_asked: list[list[str]] = field(default_factory=list)
    refuses_groups: SyncFailure | None = None

    def group(self, group: str, *records: str) -> None:
        """Make products variants of one thing."""
        self.groups |= dict.fromkeys(records, group)

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Thing | SyncFailure]:
        return {id_: self._variant(one) for id_, one in super().fetch_many(ids).items()}

    def _variant(self, one: Thing | SyncFailure) -> Thing | SyncFailure:
        if isinstance(one, SyncFailure):
            return one
        known = {each.name: getattr(one, each.name) for each in fields(Thing)}
        return Variant(**known, group_id=self.groups.get(one.id))

    def list_sisters(self, groups: Sequence[str]) -> Mapping[str, Sequence[str]]:
        self.groups_asked.append(list(groups))
        if self.refuses_groups is not None:
            raise self.refuses_groups
        return {
            group: [record for record, its in self.groups.items() if its == group]
            for group in groups
        }


@dataclass
class Shelves:
    """A scene whose till takes no further variants once a product is made."""

    scene: Scene
    shop: Wardrobe

    @property
    def written(self) -> list[list[str]]:
        """Records of each call that wrote."""
        return self.scene.shelf.batches

    def statuses(self, *records: str) -> list[Status]:
        """Where rows stand."""
        return [self.scene.row(record).status for record in records]


def _plan(thing: Variant, planning: Planning) -> str:
    return f"{thing.name}/{thing.version}#{thing.group_id or ''}"


@pytest.fixture
def at() -> Iterator[Shelves]:
    with open_scene() as scene:
        scene.toy.shop = shop = Wardrobe(now=scene.toy.now)
        scene.declare(plan=_plan, parent_key=lambda plan: plan.partition("#")[2] or None)
        scene.offer(whole_families=(Kind.PRODUCT,))
        shop.group("tee", "1", "2", "3")
        yield Shelves(scene, shop)


def test_sisters_that_are_not_in_the_batch_are_written_in_the_same_call(at: Shelves) -> None:
    at.scene.add("1", "2", "3")
    at.scene.attempt("1")
    assert at.written == [["1", "2", "3"]]
    assert at.statuses("1", "2", "3") == [Status.SYNCED] * 3


def test_messages_of_sisters_find_nothing_to_do(at: Shelves) -> None:
    at.scene.add("1", "2", "3")
    at.scene.attempt("1")
    at.scene.toy.work()
    assert len(at.written) == 1
    assert [at.scene.row(one).attempts for one in "123"] == [1, 1, 1]
    assert at.scene.toy.messages() == 0


def test_products_of_other_things_and_of_none_are_left_to_their_own_batch(at: Shelves) -> None:
    at.shop.group("cap", "4", "5")
    at.scene.add("1", "2", "4", "6")
    at.scene.attempt("1")
    at.scene.attempt("6")
    assert at.written == [["1", "2"], ["6"]]
    assert at.shop.groups_asked == [["tee"]]


def test_things_of_a_batch_are_asked_for_once_and_together(at: Shelves) -> None:
    at.shop.group("cap", "4", "5")
    at.scene.add("1", "2", "4", "5")
    at.scene.attempt("1", "2", "4")
    assert at.shop.groups_asked == [["cap", "tee"]]
    assert at.written == [["1", "2", "4", "5"]]


def test_till_that_takes_further_variants_is_given_what_the_batch_holds(at: Shelves) -> None:
    at.scene.offer(whole_families=(Kind.STOCK,))
    at.scene.add("1", "2")
    at.scene.attempt("1")
    assert at.written == [["1"]]
    assert at.shop.groups_asked == []


def test_thing_that_is_linked_needs_no_sisters(at: Shelves) -> None:
    link = Link(
        consumer=CONSUMER,
        kind="product-parent",
        platform="shop",
        id="tee",
        other_platform="till",
        other_id="P1",
    )
    at.scene.toy.services.log.put_links([link])
    at.scene.add("1", "2")
    at.scene.attempt("1")
    assert at.written == [["1"]]
    assert at.shop.groups_asked == []


def test_variant_that_is_at_the_till_needs_no_sisters(at: Shelves) -> None:
    at.scene.sync("1")
    asked = len(at.shop.groups_asked)
    at.scene.toy.pass_s(60)
    at.scene.add("1", "2")
    at.scene.attempt("1")
    assert at.written == [["1"], ["1"]]
    assert len(at.shop.groups_asked) == asked


def test_sister_that_nobody_requested_is_not_made(at: Shelves) -> None:
    at.scene.toy.shop.edit("2")
    at.scene.add("1")
    at.scene.attempt("1")
    assert at.written == [["1"]]
    assert at.scene.toy.find("2") is None


def test_sister_that_is_in_step_is_not_worked_again(at: Shelves) -> None:
    at.scene.sync("2")
    at.scene.add("1")
    at.scene.attempt("1")
    assert at.written == [["2"], ["1"]]
    assert at.scene.row("2").attempts == 1


def test_sister_that_crashed_before_is_left_to_its_own_message(at: Shelves) -> None:
    at.scene.add("2")
    at.scene.shelf.defects = {"2"}
    at.scene.attempt("2", crash=True)
    at.scene.toy.pass_s(LEASE_S)
    at.scene.add("1", "3")

    at.scene.attempt("1")

    assert at.written == [["2"], ["1", "3"]]
    assert at.scene.row("2").starts == 1


def test_sister_that_another_worker_has_is_left_to_it(at: Shelves) -> None:
    def come_too() -> None:
        at.scene.shelf.during = lambda: None
        at.scene.add("1", "3")
        at.scene.attempt("1")

    at.scene.add("2")
    at.scene.shelf.during = come_too
    at.scene.attempt("2")
    assert at.written == [["2"], ["1", "3"]]
    assert [at.scene.row(one).attempts for one in "123"] == [1, 1, 1]


def test_sister_that_cannot_be_read_fails_alone(at: Shelves) -> None:
    at.scene.add("1", "2", "3")
    at.shop.fails["2"] = SyncFailure(Reason.UNSUPPORTED, "It is a service.")
    at.scene.attempt("1")
    assert at.written == [["1", "3"]]
    assert at.statuses("1", "2", "3") == [Status.SYNCED, Status.FAILED, Status.SYNCED]


def test_source_that_cannot_name_sisters_changes_nothing(at: Shelves) -> None:
    at.shop.refuses_groups = SyncFailure(Reason.RETRYING, "Shop answered 503.", code=503)
    at.scene.add("1", "2")
    at.scene.attempt("1")
    assert at.written == [["1"]]
    at.scene.toy.work()
    assert at.written == [["1"], ["2"]]
    assert at.statuses("1", "2") == [Status.SYNCED] * 2


def test_no_more_than_so_many_sisters_join_a_batch(at: Shelves) -> None:
    records = [str(number) for number in range(10, 10 + SISTERS_AT_MOST + 2)]
    at.shop.group("sock", *records)
    at.scene.add(*records)
    at.scene.attempt("10")
    assert at.written == [records[: SISTERS_AT_MOST + 1]]
