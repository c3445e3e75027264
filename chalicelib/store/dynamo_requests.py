"""What a request to DynamoDB says: parameters of reads and writes. Pure."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from chalicelib.domain.writes import Term
from chalicelib.store import expressions
from chalicelib.store.expressions import Words
from chalicelib.store.table import (
    HIGHEST,
    LIST_KEEPS,
    PARTITION_KEY_BYTES,
    SORT_KEY_BYTES,
    Choice,
    Effect,
    Item,
    Key,
    Write,
    check_keys,
    holds,
)
from chalicelib.store.wire import Wire, item_to_wire

METHODS = {"Put": "put_item", "Update": "update_item", "Delete": "delete_item"}


class Chosen(NamedTuple):
    """A choice about to be tried: what it does, and which terms must not hold besides."""

    choice: Choice
    effect: Effect
    unless: Sequence[Sequence[Term]] = ()


def first_of(choices: Sequence[Choice]) -> Chosen:
    """Return the choice that is tried before anything is known of the item."""
    return Chosen(choices[0], choices[0].make())


def fitting(choices: Sequence[Choice], item: Item | None) -> Chosen | None:
    """Return the first choice that holds for an item; none before it may hold when it is made."""
    for place, choice in enumerate(choices):
        if holds(item, choice.when):
            return Chosen(choice, choice.make(), [one.when for one in choices[:place]])
    return None


def write_request(table: str, key: Key, chosen: Chosen) -> tuple[str, dict[str, Any]]:
    """Return the operation that makes a choice (Put, Update …) and its parameters.

    Raises:
        LimitError: a key is empty or too long.
    """
    words, effect = Words(), chosen.effect
    parameters: dict[str, Any] = {"TableName": table}
    must = expressions.condition(words, chosen.choice.when, chosen.unless)
    if effect.replaces:
        check_keys(effect.set)
        operation = "Put"
        parameters["Item"] = item_to_wire(effect.set)
    else:
        parameters["Key"] = to_key(key)
        operation = "Delete" if effect.deletes else "Update"
    if effect.is_empty:
        operation, must = "ConditionCheck", must or expressions.ALWAYS  # a check must have one
    elif operation == "Update":
        check_keys({**effect.set, "pk": key[0], "sk": key[1]})
        parameters["UpdateExpression"] = expressions.update(words, effect)
    if must is not None:
        parameters["ConditionExpression"] = must
    parameters["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return operation, parameters | words.parameters()


def trim_request(table: str, key: Key, name: str, held: Sequence[str]) -> dict[str, Any]:
    """Return the parameters that cut a list to its last entries, if nobody else did."""
    words = Words()
    word = words.name(name)
    first = words.value(held[0])
    gone = ", ".join(f"{word}[{place}]" for place in range(len(held) - LIST_KEEPS))
    return {
        "TableName": table,
        "Key": to_key(key),
        "UpdateExpression": f"REMOVE {gone}",
        "ConditionExpression": f"{word}[0] = {first}",
        **words.parameters(),
    }


class Sorted(NamedTuple):
    """Writes by how they go, each named by its place."""

    free: list[tuple[int, Chosen]]  #: without a condition: in batches
    looks: list[int]  #: whose first choice writes nothing: a read tells whether it holds
    others: list[list[int]]  #: a request each; those of one item together, in their order


def sort_writes(writes: Sequence[Write]) -> Sorted:
    """Say how writes go. BatchWriteItem carries whole items, each once, and no condition."""
    places_by_key: dict[Key, list[int]] = {}
    for place, write in enumerate(writes):
        places_by_key.setdefault(write.key, []).append(place)
    found = Sorted([], [], [])
    for places in places_by_key.values():
        choices = list(writes[places[0]].choices) if len(places) == 1 else []
        if not choices:
            found.others.append(places)
        elif (first := first_of(choices)).effect.is_empty:
            found.looks.extend(places)
        elif _is_free(choices, first.effect):
            found.free.append((places[0], first))
        else:
            found.others.append(places)
    return found


def _is_free(choices: Sequence[Choice], effect: Effect) -> bool:
    return len(choices) == 1 and not choices[0].when and (effect.replaces or effect.deletes)


def batch_request(key: Key, effect: Effect) -> Wire:
    """Return one entry of a BatchWriteItem."""
    if effect.deletes:
        return {"DeleteRequest": {"Key": to_key(key)}}
    check_keys(effect.set)
    return {"PutRequest": {"Item": item_to_wire(effect.set)}}


def range_request(
    names: tuple[str, str], pk: str, low: str, high: str
) -> tuple[dict[str, Any], int]:
    """Return parameters for ``low <= sort < high``, and how many items they may find too many.

    A key condition holds one comparison of the sort key, and BETWEEN includes both of its ends.
    """
    words = Words()
    term = f"{words.name(names[0])} = {words.value(pk)}"
    bounded = high != HIGHEST
    if low or bounded:
        sort = words.name(names[1])
        if low and bounded:
            term += f" AND {sort} BETWEEN {words.value(low)} AND {words.value(high)}"
        else:
            term += f" AND {sort} " + (
                f">= {words.value(low)}" if low else f"< {words.value(high)}"
            )
    return {"KeyConditionExpression": term, **words.parameters()}, int(bool(low) and bounded)


def may_be_key(key: Key) -> bool:
    """Say whether an item may have this key: DynamoDB refuses even to look for others."""
    pk, sk = len(key[0].encode()), len(key[1].encode())
    return 0 < pk <= PARTITION_KEY_BYTES and 0 < sk <= SORT_KEY_BYTES


def to_key(key: Key) -> Wire:
    """Return a key as attribute values."""
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}
