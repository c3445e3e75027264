"""What a start on one machine mends of what the previous process left behind."""

from datetime import timedelta

from chalicelib.domain.protocol import claim
from chalicelib.domain.rows import Row
from chalicelib.domain.statuses import Status
from local.boot import end_old_leases, send_last_requests
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS


def lose_messages(world: World) -> None:
    """Take every message out of the queue, as if it had never been sent."""
    while taken := world.stores.queue.receive_many(
        "records", limit=100, visibility_s=60, now=world.time
    ):
        world.stores.queue.delete_many("records", [one.receipt for one in taken])


def waiting(world: World) -> list[str]:
    """Return the records whose messages are in the queue."""
    taken = world.stores.queue.receive_many(
        "records", limit=100, visibility_s=0, now=world.time + timedelta(hours=1)
    )
    return sorted({one.name.record for one in taken})


def take(world: World, row: Row) -> None:
    """Let a worker take a row, which then dies with it."""
    deadline = world.time + timedelta(seconds=60)
    lease = claim(row.name, lease_id="dead", deadline=deadline, settle_s=60, now=world.time)
    [done] = world.services.log.write_rows([lease])
    assert done.tag is not None


def test_a_row_that_was_written_and_never_sent_is_sent_at_the_start(world: World) -> None:
    world.request("acme", PRODUCTS, "P1")
    lose_messages(world)
    assert waiting(world) == []
    assert send_last_requests(world.services) == 1
    assert waiting(world) == ["P1"]


def test_what_waited_long_before_the_end_keeps_the_one_message_it_has(world: World) -> None:
    world.request("acme", PRODUCTS, "OLD")
    world.advance(minutes=2)
    world.request("acme", PRODUCTS, "NEW")
    lose_messages(world)
    world.advance(hours=3)  # the machine was off
    assert send_last_requests(world.services) == 1
    assert waiting(world) == ["NEW"]


def test_a_row_that_a_worker_held_is_left_to_its_lease(world: World) -> None:
    row = world.request("acme", PRODUCTS, "P1")
    take(world, row)
    assert send_last_requests(world.services) == 0
    assert end_old_leases(world.services) == 1


def test_rows_that_owe_nothing_are_not_sent(world: World) -> None:
    world.synced("acme", PRODUCTS, "P1")
    assert world.failed("acme", PRODUCTS, "P2").status is Status.FAILED
    assert send_last_requests(world.services) == 0
