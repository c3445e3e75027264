"""What only stores in files have to prove: they outlive the process, and several may open them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from chalicelib.domain.ports import Change
from local.sqlite.files import Database
from local.sqlite.stores import Stores, open_stores
from local.sqlite.table import PRUNED_AT_ONCE
from tests.builders import CONSUMER, Clock, make_attempt, make_connection, make_name
from tests.contract.stores import World

ROOT = Path(__file__).parents[2]

#: Requests rows for ever and says each that was written.
WRITER = """
import sys
from pathlib import Path
from local.sqlite.files import Database
from local.sqlite.stores import open_stores
from tests.builders import Clock
from tests.contract.stores import World
clock = Clock()
world = World(open_stores(Path(sys.argv[1]), now=clock), clock)
number = 0
while True:
    world.request(str(number), columns={"sku": f"SKU-{number}"})
    print(number, flush=True)
    number += 1
"""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def stores(folder: Path, clock: Clock) -> Iterator[Stores]:
    with closing(open_stores(folder, now=clock)) as opened:
        yield opened


def test_everything_is_there_after_opening_again(folder: Path, clock: Clock) -> None:
    with closing(open_stores(folder, now=clock)) as first:
        row = World(first, clock).sync("1", columns={"sku": "S-1"})
        first.log.put_snapshots([(row.name, {"a": 1})])
        sealed = first.vault.seal(b"token", context={"consumer": CONSUMER})
        first.registry.save(Change(puts=[make_connection(sealed_credentials=sealed)]))

    with closing(open_stores(folder, now=clock)) as second:
        world = World(second, clock)
        connection = second.registry.read_connection(CONSUMER, "square")
        assert world.pages() == [row]
        assert world.records(text="s-1") == ["1"]
        assert second.log.read_snapshot(row.name) == {"a": 1}
        assert connection is not None
        opened = second.vault.open(connection.sealed_credentials, context={"consumer": CONSUMER})
        assert opened == b"token"


def test_what_was_acknowledged_survives_a_killed_process(folder: Path, clock: Clock) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    with writer:
        acknowledged = [int(writer.stdout.readline()) for _ in range(40)]
        writer.send_signal(signal.SIGKILL)

    with closing(open_stores(folder, now=clock)) as reopened:
        world = World(reopened, clock)
        found = {int(record) for record in world.records()}
        assert found >= set(acknowledged)
        assert [one.count for one in reopened.log.count_now(CONSUMER)] == [len(found)]
        assert {int(record) for record in world.records(text="sku-")} == found


def test_two_processes_never_claim_one_row(folder: Path, stores: Stores, clock: Clock) -> None:
    with closing(open_stores(folder, now=clock)) as other:
        worlds = [World(stores, clock), World(other, clock)]
        for number in range(20):
            worlds[number % 2].request(str(number))

        def claim(number: int) -> str | None:
            return worlds[number % 2].claim(str(number // 2), lease=f"lease-{number % 2}").tag

        with ThreadPoolExecutor(4) as pool:
            tags = list(pool.map(claim, range(40)))

    assert tags.count("claimed") == 20
    assert all({tags[n], tags[n + 1]} == {"claimed", None} for n in range(0, 40, 2))


def test_expired_items_are_removed_from_the_file_in_steps(stores: Stores, clock: Clock) -> None:
    attempts = [make_attempt(number=number) for number in range(PRUNED_AT_ONCE + 50)]
    stores.log.put_traces(attempts, [])
    clock.pass_s(40 * 24 * 3600)
    world = World(stores, clock)

    left = []
    for record in "123":
        world.request(record)
        items = stores.log_table.read_all()
        left.append(sum(item["sk"].startswith("A|") for item in items))

    assert left == [50, 0, 0]


def test_threads_that_come_and_go_leave_no_open_files(stores: Stores) -> None:
    def read() -> None:
        stores.log.read_rows([make_name()])

    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    read()
    before = open_files()
    for _ in range(30):
        thread = Thread(target=read)
        thread.start()
        thread.join()

    assert open_files() <= before + 3


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "one.db", "CREATE TABLE things (name TEXT);")) as opened:
        yield opened


def names(database: Database) -> list[str]:
    with database.reading() as reading:
        return [name for (name,) in reading.execute("SELECT name FROM things")]


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.writing() as writing:
        writing.execute("INSERT INTO things VALUES ('new')")
        with ThreadPoolExecutor(1) as pool:
            seen = pool.submit(names, database).result(timeout=10)

    assert seen == []
    assert names(database) == ["new"]


def break_off(database: Database) -> None:
    with database.writing() as writing:
        writing.execute("INSERT INTO things VALUES ('half')")
        raise InterruptedError


def test_a_write_that_breaks_off_leaves_nothing(database: Database) -> None:
    with pytest.raises(InterruptedError):
        break_off(database)

    assert names(database) == []
    with database.writing() as writing:
        writing.execute("INSERT INTO things VALUES ('next')")
    assert names(database) == ["next"]
