"""What an all-or-nothing call refused is sent in parts, until each bad thing stands alone."""

from collections.abc import Sequence

from chalicelib.connectors.square.batches import Sent, send_in_batches
from chalicelib.domain.reasons import Reason, SyncFailure

REFUSED = SyncFailure(Reason.REJECTED_BY_TARGET, "Refused.", code=400)


class Vendor:
    """Takes numbers; what it does with some of them is set."""

    def __init__(
        self,
        *,
        refuses: Sequence[int] = (),
        leaves_out: Sequence[int] = (),
        fails: SyncFailure | None = None,
    ) -> None:
        self.refuses = set(refuses)
        self.leaves_out = set(leaves_out)
        self.fails = fails
        self.calls: list[list[int]] = []

    def send(self, batch: Sequence[int]) -> Sent[int, str]:
        """Do all of a batch, or refuse it."""
        self.calls.append(list(batch))
        if self.fails is not None:
            failure, self.fails = self.fails, None
            raise failure
        if self.refuses & set(batch):
            raise REFUSED
        left_out = [one for one in batch if one in self.leaves_out]
        done = [(one, "done") for one in batch if one not in self.leaves_out]
        return Sent(done=done, left_out=left_out, failure=REFUSED if left_out else None)


def results(vendor: Vendor, *batches: Sequence[int]) -> dict[int, object]:
    answers = list(send_in_batches(batches, vendor.send))
    assert len(answers) == len({one for one, _ in answers})  # each exactly once
    return dict(answers)


def test_a_batch_without_bad_things_is_one_call() -> None:
    vendor = Vendor()

    assert results(vendor, range(100)) == dict.fromkeys(range(100), "done")
    assert len(vendor.calls) == 1


def test_one_bad_thing_among_a_hundred_is_found_by_halving() -> None:
    vendor = Vendor(refuses=[42])

    told = results(vendor, range(100))

    assert told.pop(42) is REFUSED
    assert set(told.values()) == {"done"}
    assert len(vendor.calls) <= 15


def test_all_bad_things_fail_each_for_itself() -> None:
    assert results(Vendor(refuses=range(5)), range(5)) == dict.fromkeys(range(5), REFUSED)


def test_what_a_200_left_out_is_sent_again_without_what_was_done() -> None:
    vendor = Vendor(leaves_out=[1, 3])

    told = results(vendor, range(5))

    assert [one for one, result in told.items() if result is REFUSED] == [1, 3]
    assert vendor.calls == [[0, 1, 2, 3, 4], [1, 3], [1], [3]]


def test_an_unknown_outcome_is_that_of_its_own_batch_only() -> None:
    unknown = SyncFailure(Reason.OUTCOME_UNKNOWN, "No answer.")
    vendor = Vendor(fails=unknown)

    told = results(vendor, [1, 2], [3])

    assert told == {1: unknown, 2: unknown, 3: "done"}
    assert vendor.calls == [[1, 2], [3]]


def test_a_throttled_account_gets_no_further_calls() -> None:
    throttled = SyncFailure(Reason.THROTTLED, "Too many calls.")
    vendor = Vendor(fails=throttled)

    assert results(vendor, [1, 2], [3], [4]) == dict.fromkeys([1, 2, 3, 4], throttled)
    assert vendor.calls == [[1, 2]]


def test_a_batch_of_nothing_is_no_call() -> None:
    vendor = Vendor()

    assert results(vendor, [], ()) == {}
    assert vendor.calls == []
