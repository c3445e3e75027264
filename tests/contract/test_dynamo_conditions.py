"""DynamoDB judges conditions and changes items as ``store.table`` says, whatever is drawn."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.writes import MISSING, Field, Op, Term
from chalicelib.store.dynamo import DynamoTable
from chalicelib.store.dynamo_refusals import is_refused
from chalicelib.store.dynamo_requests import METHODS, Chosen, write_request
from chalicelib.store.table import (
    EXISTS,
    LIST_KEEPS,
    Effect,
    Item,
    Key,
    Write,
    applied,
    choice,
    holds,
    put,
)
from tests.builders import Clock
from tests.contract.dynamo import DYNAMODB_LOCAL, open_local_stores, open_moto_stores

KEY: Key = ("p", "s")
ROUNDS = 40  #: of each seed; each round is a new item, all of its requests real

NUMBERS = ("n", "m", "Synced.200.na")  # as counters are named
TEXTS = ("t", "u", "due-at")
RING = "b"
RING_TEXTS = ("one", "two", "three")


@pytest.fixture(scope="module")
def table() -> Iterator[DynamoTable]:
    clock = Clock()
    stores = open_local_stores(clock) if DYNAMODB_LOCAL else open_moto_stores(clock)
    yield stores.registry_table
    stores.close()


def plain(item: Item | None) -> Item | None:
    """Return an item without what is None: an attribute that is not there."""
    return item and {name: value for name, value in item.items() if value is not None}


class Dice:
    """Draws items, terms and effects as stores make them: an attribute holds values of one sort."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)

    def item(self) -> dict[str, Any] | None:
        self.there: set[str] = set()
        if self.draw.random() < 0.2:
            return None
        values = {name: self._value(name) for name in (*NUMBERS, *TEXTS, RING)}
        some = {name: one for name, one in values.items() if self.draw.random() < 0.7}
        self.there = set(some)
        return {"pk": KEY[0], "sk": KEY[1], **some}

    def _value(self, name: str) -> Any:
        if name in NUMBERS:
            return self.draw.choice((0, 1, 2, 1.5, -7, 2**60))
        if name in TEXTS:
            return self.draw.choice(("", "a", "b", "é", "\U00010000", "\uffff"))
        return self.draw.sample(RING_TEXTS, self.draw.randrange(3))

    def terms(self) -> list[Term]:
        return [self.term() for _ in range(self.draw.randrange(4))]

    def term(self) -> Term:
        op = self.draw.choice(list(Op))
        name = self.draw.choice(NUMBERS if self.draw.random() < 0.5 else TEXTS)
        if op is Op.MISSING:
            return self.draw.choice((MISSING, EXISTS))
        if self.draw.random() < 0.1:
            return Term(RING if op is Op.LACKS else name, op, None)
        if op is Op.LACKS:
            return Term(RING, op, self.draw.choice((*RING_TEXTS, "on")))
        if op in (Op.IN, Op.NOT_IN):
            return Term(name, op, tuple(self._value(name) for _ in range(self.draw.randrange(4))))
        if self.draw.random() < 0.4:
            others = [one for one in (NUMBERS if name in NUMBERS else TEXTS) if one != name]
            other = self.draw.choice(others)
            if DYNAMODB_LOCAL or self.there & {name, other}:  # to moto, nothing equals nothing
                return Term(name, op, Field(other))
        return Term(name, op, self._value(name))

    def effect(self, item: Item | None) -> Effect:
        """Draw an effect that names an attribute once, and copies only what is there."""
        kind = self.draw.random()
        if kind < 0.1:
            return Effect(deletes=True)
        names = [*NUMBERS, *TEXTS, "x.1"]
        self.draw.shuffle(names)
        if kind < 0.2:
            whole = {name: self._value(name) for name in names[:3] if name != "x.1"}
            return Effect(set={"pk": KEY[0], "sk": KEY[1], **whole}, replaces=True)
        number = next(name for name in names if name in NUMBERS)
        names.remove(number)
        sets, removed, defaulted, copied = names[:2], names[2], names[3], names[4]
        there = [name for name in (item or {}) if name not in ("pk", "sk")]
        return Effect(
            set={name: self.draw.choice((None, self._value(name))) for name in sets}
            | self.draw.choice(({}, {"deep": {"": [None, True, {"a.b": 1}]}})),
            remove=[removed],
            add={number: self.draw.choice((0, 1, -2))},
            defaults={defaulted: self._value(defaulted)},
            copy={copied: self.draw.choice(there)} if there else {},
            push={RING: "new"} if self.draw.random() < 0.5 else {},
        )


def verdict(table: DynamoTable, chosen: Chosen) -> bool:
    """Say whether DynamoDB carries a choice out."""
    operation, parameters = write_request(table.name, KEY, chosen)
    try:
        getattr(table.client, METHODS[operation])(**parameters)
    except ClientError as error:
        if not is_refused(error):
            raise
        return False
    return True


def place(table: DynamoTable, item: Item | None) -> None:
    """Make the item what it is to be."""
    effect = Effect(set=item, replaces=True) if item else Effect(deletes=True)
    table.write_many([Write(KEY, [choice("placed", (), effect)])])


@pytest.mark.parametrize("seed", range(3))
def test_a_condition_means_to_dynamodb_what_it_means_to_us(table: DynamoTable, seed: int) -> None:
    dice = Dice(seed)
    for _ in range(ROUNDS):
        item = dice.item()
        place(table, item)
        for _ in range(4):
            place(table, item)
            when, unless = dice.terms(), [[dice.term(), *dice.terms()] for _ in range(2)]
            some = unless[: dice.draw.randrange(3)]
            chosen = Chosen(choice("t", when, Effect()), Effect(set={"y": 1}), some)

            expected = holds(item, when) and not any(holds(item, one) for one in some)

            assert verdict(table, chosen) is expected, (item, when, some)


@pytest.mark.parametrize("seed", range(3))
def test_an_effect_does_to_an_item_of_dynamodb_what_it_does_to_ours(
    table: DynamoTable, seed: int
) -> None:
    dice = Dice(seed)
    for _ in range(ROUNDS):
        item = dice.item()
        place(table, item)
        effect = dice.effect(item)
        (result,) = table.write_many([Write(KEY, [choice("t", dice.draw.choice(_TRUE), effect)])])

        expected = plain(applied(KEY, item, effect))
        assert result.tag == "t"
        assert plain(result.item) == table.get_many([KEY])[0] == expected, (item, effect)


#: Holds of every item, but only the second lets a request go alone, with its condition.
_TRUE = ((), (Term("none", Op.LE_OR_ABSENT, 0),))


@pytest.mark.parametrize("seed", range(3))
def test_the_choice_that_dynamodb_makes_is_the_first_that_holds(
    table: DynamoTable, seed: int
) -> None:
    dice = Dice(seed)
    for _ in range(ROUNDS):
        item = dice.item()
        place(table, item)
        choices = [
            choice(str(number), dice.terms(), Effect(set={"y": number}) if number % 3 else Effect())
            for number in range(5)
        ]
        first = next((one for one in choices if holds(item, one.when)), None)

        (result,) = table.write_many([Write(KEY, choices)])

        effect = first.make() if first else Effect()
        expected = item if effect.is_empty else applied(KEY, item, effect)
        assert result == (first and first.tag, expected), (item, choices)
        assert table.get_many([KEY])[0] == expected


def test_a_list_pushed_onto_for_ever_keeps_its_last_texts(table: DynamoTable) -> None:
    place(table, None)
    pushed = [f"batch-{number}" for number in range(4 * LIST_KEEPS)]
    for text in pushed:
        write = Write(KEY, [choice("t", (Term(RING, Op.LACKS, text),), Effect(push={RING: text}))])
        assert table.write_many([write])[0].tag == "t"
        assert table.write_many([write])[0].tag is None  # each once

        ring = (table.get_many([KEY])[0] or {})[RING]
        assert len(ring) < 2 * LIST_KEEPS
        assert ring[-LIST_KEEPS:] == pushed[: pushed.index(text) + 1][-LIST_KEEPS:]


def test_the_empty_name_comes_back_wherever_it_stands(table: DynamoTable) -> None:
    whole = {"pk": KEY[0], "sk": KEY[1], "map": {"": "no category", "a": {"": {"": 1}}}}
    table.write_many([put(whole)])

    assert table.get_many([KEY])[0] == whole


def test_times_are_compared_as_their_texts_stand(table: DynamoTable) -> None:
    place(table, {"pk": KEY[0], "sk": KEY[1], "t": datetime(2026, 1, 2, tzinfo=UTC).isoformat()})
    later = Term("t", Op.LT_OR_ABSENT, datetime(2026, 1, 3, tzinfo=UTC).isoformat())

    assert verdict(table, Chosen(choice("t", [later], Effect()), Effect(set={"y": 1})))
