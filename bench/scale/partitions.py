"""The hottest partition keys of each kind of change, as tables; see ``heat``."""

from collections.abc import Sequence

from bench.scale.heat import CASES, PLACES, Measured, play
from bench.scale.published import NEW_TABLE_WRITES_A_S
from bench.sheet import Sheet

SHOWN_FROM = 0.02  #: of a partition's limit


def measure_heat(*, rate: int = 1000, seconds: int = 3) -> list[Sheet]:
    """Play every case at a rate of changes a second, and one of them over more shards."""
    measured = [play(case, rate=rate, seconds=seconds) for case in CASES]
    sharded = [
        measured[0],
        *(play(CASES[0], rate=rate, seconds=seconds, shards=n) for n in (2, 4, 8)),
    ]
    return [*(_sheet_of(one) for one in measured), _costs_of(measured), _shards_of(sharded)]


def _sheet_of(one: Measured) -> Sheet:
    rows = [
        {
            "where": spot.place,
            "partition key": spot.key,
            "write units/s": spot.writes,
            "read units/s": spot.reads,
            "% of limit": spot.load * 100,
            "full at changes/s": float(round(spot.holds_to(one.rate))),
        }
        for spot in one.spots
        if spot.load >= SHOWN_FROM
    ]
    return Sheet(
        title=f"Hottest keys, {one.rate} {one.case.label} a second by one consumer"
        f" ({one.case.why}), {one.shards} shard",
        columns=(
            "where",
            "partition key",
            "write units/s",
            "read units/s",
            "% of limit",
            "full at changes/s",
        ),
        rows=rows,
        notes=(f"Keys below {SHOWN_FROM:.0%} of their limit are left out.",),
    )


def _costs_of(measured: Sequence[Measured]) -> Sheet:
    rows = [
        {
            "change": one.case.label,
            "write units": sum(one.writes_a_change.values()),
            **{f"in {name}": one.writes_a_change[name] for name in PLACES},
            "read units": one.reads_a_change,
            "requests": one.requests_a_change,
            "records read": one.stream_a_change,
            "first key": f"{one.spots[0].place} {one.spots[0].key}",
            "full at changes/s": float(round(one.holds_to)),
        }
        for one in measured
    ]
    return Sheet(
        title="What one change costs both tables, and the first key that is full",
        columns=tuple(rows[0]),
        rows=rows,
        notes=(
            "From the webhook to the counts of the stream reader, vendors' limits set aside.",
            f"A new table takes {NEW_TABLE_WRITES_A_S} write units a second at first, and so does"
            " each index.",
        ),
    )


def _shards_of(measured: Sequence[Measured]) -> Sheet:
    rows = [
        {
            "shards": one.shards,
            "first key": f"{one.spots[0].place} {one.spots[0].key}",
            "write units/s": one.spots[0].writes,
            "full at changes/s": float(round(one.holds_to)),
        }
        for one in measured
    ]
    return Sheet(
        title=f"Stock changed, {measured[0].rate} a second, by shards of index list",
        columns=tuple(rows[0]),
        rows=rows,
    )
