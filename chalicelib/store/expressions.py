"""Terms and effects as DynamoDB's expressions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.writes import Field, Op, Term
from chalicelib.store.table import EXISTS, Effect
from chalicelib.store.wire import Wire, to_wire

_NEVER = "(attribute_exists(pk) AND attribute_not_exists(pk))"
ALWAYS = "(attribute_exists(pk) OR attribute_not_exists(pk))"
_SIGNS = {
    Op.EQ: "=",
    Op.EQ_OR_MISSING: "=",
    Op.GT: ">",
    Op.LE_OR_ABSENT: "<=",
    Op.LT_OR_ABSENT: "<",
}
_IF_ABSENT = frozenset({Op.LE_OR_ABSENT, Op.LT_OR_ABSENT})
#: What is left of a comparison with nothing; of all others nothing is.
_ABSENT = frozenset({*_IF_ABSENT, Op.NOT_IN, Op.LACKS})


@dataclass
class Words:
    """The names and values that the expressions of one request stand on."""

    names: dict[str, str] = field(default_factory=dict)  #: ``#a`` -> attribute
    values: dict[str, Wire] = field(default_factory=dict)  #: ``:1`` -> value

    def name(self, attribute: str) -> str:
        """Return the word for an attribute."""
        word = f"#{attribute}"  # attributes are letters, digits and _, except these of counts
        if not (attribute.isascii() and attribute.isidentifier()):
            word = f"#{len(self.names)}"  # none of the others begins with a digit
            known = [one for one, held in self.names.items() if held == attribute]
            word = known[0] if known else word
        self.names[word] = attribute
        return word

    def value(self, value: Any) -> str:
        """Return the word for a value."""
        word = f":{len(self.values)}"
        self.values[word] = to_wire(value)
        return word

    def parameters(self) -> dict[str, Any]:
        """Return them as parameters of a request; it takes none that is empty."""
        named: dict[str, Any] = {}
        if self.names:
            named["ExpressionAttributeNames"] = self.names
        if self.values:
            named["ExpressionAttributeValues"] = self.values
        return named


def condition(
    words: Words, terms: Sequence[Term], unless: Sequence[Sequence[Term]] = ()
) -> str | None:
    """Return the condition that all ``terms`` hold, and none of ``unless`` does as a whole."""
    parts = [_term(words, term) for term in terms]
    parts += [_none(words, others) for others in unless]
    return " AND ".join(parts) or None


def _none(words: Words, terms: Sequence[Term]) -> str:
    """Return the condition that not all terms hold; parentheses too many are an error."""
    held = [_term(words, term) for term in terms]
    bare = len(held) > 1 or not held[0].startswith("(")
    return f"NOT ({' AND '.join(held)})" if bare else f"NOT {held[0]}"


def _term(words: Words, term: Term) -> str:
    op = term.op
    if op is Op.MISSING:
        return "attribute_not_exists(pk)"
    if term is EXISTS or term == EXISTS:
        return "attribute_exists(pk)"
    if term.value is None:
        return _with_nothing(words, term)
    if term.value == ():  # DynamoDB knows no empty IN
        return ALWAYS if op is Op.NOT_IN else _NEVER
    name = words.name(term.field)
    compared = _compared(words, name, term)
    if op in _IF_ABSENT:
        return f"(attribute_not_exists({name}) OR {compared})"
    return f"(attribute_not_exists(pk) OR {compared})" if op is Op.EQ_OR_MISSING else compared


def _with_nothing(words: Words, term: Term) -> str:
    """Return what a comparison with None leaves: nothing compares with it, absent or not."""
    if term.op is Op.EQ_OR_MISSING:
        return "attribute_not_exists(pk)"
    return f"attribute_not_exists({words.name(term.field)})" if term.op in _ABSENT else _NEVER


def _compared(words: Words, name: str, term: Term) -> str:
    if term.op is Op.LACKS:
        return f"(NOT contains({name}, {words.value(term.value)}))"
    if term.op in (Op.IN, Op.NOT_IN):
        held = f"{name} IN ({', '.join(words.value(one) for one in term.value)})"
        return held if term.op is Op.IN else f"(NOT {held})"
    other = term.value
    value = words.name(other.name) if type(other) is Field else words.value(other)
    return f"{name} {_SIGNS[term.op]} {value}"


def update(words: Words, effect: Effect) -> str:
    """Return the update expression of an effect that neither replaces nor deletes."""
    sets = [
        f"{words.name(name)} = {words.value(value)}"
        for name, value in effect.set.items()
        if value is not None
    ]
    sets += [f"{words.name(name)} = {words.name(other)}" for name, other in effect.copy.items()]
    for name, value in effect.defaults.items():
        word = words.name(name)
        sets.append(f"{word} = if_not_exists({word}, {words.value(value)})")
    for name, text in effect.push.items():
        word = words.name(name)
        sets.append(
            f"{word} = list_append(if_not_exists({word}, {words.value([])}), {words.value([text])})"
        )
    removes = [words.name(name) for name in effect.remove]
    removes += [words.name(name) for name, value in effect.set.items() if value is None]
    adds = [f"{words.name(name)} {words.value(count)}" for name, count in effect.add.items()]
    clauses = {"SET": sets, "REMOVE": removes, "ADD": adds}
    return " ".join(f"{word} {', '.join(parts)}" for word, parts in clauses.items() if parts)
