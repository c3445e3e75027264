"""Runs the demo: ``python -m local.demo [--once] [--exit]``, on PORT (8080)."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random

from chalicelib.connectors.catalog import OFFERS
from chalicelib.flows.catalog import FLOWS
from chalicelib.ops.settings import Settings, SettingsError
from local.demo import folder, merchant
from local.demo.api import Api
from local.demo.log import Log, line_of, lines_of
from local.demo.shops import Shops
from local.demo.story import WITHIN_S, Story
from local.demo.traffic import Traffic
from local.demo.vendors import ALL_SHOPS, Vendors, open_vendors
from local.demo.waiting import EndedError, LateError, Patience
from local.run import PORT, running
from local.server import settings_of

SEED = 1042
POLL_EVERY_S = 20  #: people's polls run every five minutes; nobody watches a demo for so long
PROGRESS_EVERY_S = 5.0
SHOWN_AT_MOST = 40


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The demo while it runs."""

    url: str
    data: Path
    operator_key: str
    vendors: Vendors
    patience: Patience


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; 0: ended as told, 1: it did not, 2: it cannot start."""
    asked = _read_arguments(arguments)
    patience = Patience()
    patience.catch_signals()
    try:
        port = int(os.environ.get("PORT", PORT))
        data = Settings.from_env(settings_of(os.environ, port or PORT)).var_dir
        folder.prepare(data)
        return _run(asked, patience, port, data)
    except EndedError:
        say("Ended.")
        return 0
    except (SettingsError, folder.FolderError) as error:
        print(error, file=sys.stderr)
    except (OSError, ValueError, OverflowError) as error:
        print(f"The demo cannot start: {error}.", file=sys.stderr)
    return 2


def say(text: str) -> None:
    """Tell the person who watches, with the time."""
    print(f"{datetime.now().astimezone():%H:%M:%S}  {text}", flush=True)


def _read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument(
        "--once", action="store_true", help="play the story to its end, without live traffic"
    )
    parser.add_argument("--exit", action="store_true", help="with --once: end after the story")
    asked = parser.parse_args(arguments)
    if asked.exit and not asked.once:
        parser.error("--exit goes with --once; live traffic has no end")
    return asked


def _run(asked: argparse.Namespace, patience: Patience, port: int, data: Path) -> int:
    flows = {name: replace(flow, poll_every_s=POLL_EVERY_S) for name, flow in FLOWS.items()}
    with running(os.environ, port=port, folder=data, flows=flows) as product:
        vendors = open_vendors(shops=ALL_SHOPS)
        try:
            demo = Demo(
                url=product.url,
                data=data,
                operator_key=product.first_key or "",
                vendors=vendors,
                patience=patience,
            )
            return _play(asked, demo)
        finally:
            patience.ended.set()
            vendors.stop()


def _play(asked: argparse.Namespace, demo: Demo) -> int:
    api = Api(demo.url, demo.operator_key)
    try:
        shops = Shops(demo.vendors, Random(SEED))
        shops.name_too_long()
        _introduce(demo, merchant.set_up(api, demo.vendors))
        log = Log(api=api)
        if not asked.once:
            return _go_live(demo, shops, log)
        ended_well = _tell_story(demo, shops, log)
        if asked.exit:
            return 0 if ended_well else 1
        say(f"The server goes on at {demo.url}; Ctrl-C ends it.")
        demo.patience.ended.wait()
        return 0
    finally:
        api.close()


def _introduce(demo: Demo, consumer_key: str) -> None:
    folder.describe(
        demo.data,
        {
            "url": demo.url,
            "operator_key": demo.operator_key,
            "consumer": merchant.CONSUMER,
            "consumer_key": consumer_key,
            "platforms": demo.vendors.addresses,
        },
    )
    print(f"Console      {demo.url}/console")
    print(f"  sign in    {demo.operator_key}  (the operator: every merchant)")
    print(f"             {consumer_key}  (the merchant {merchant.CONSUMER} alone)")
    print(f"API          {demo.url}/v1  (the same keys)")
    for name, address in demo.vendors.addresses.items():
        print(f"{OFFERS[name].label:<12} {address}  (a simulator; POST {address}/_sim/state)")
    print(f"Description  {demo.data / folder.DESCRIPTION}")
    print("Look around  .venv/bin/python -m cli logs list", flush=True)


def _go_live(demo: Demo, shops: Shops, log: Log) -> int:
    traffic = Traffic(demo.vendors, shops, demo.patience, say)
    try:
        say("Products go to the shops first; these open as soon as there is something to sell.")
        demo.patience.wait_until(
            lambda: log.count()["product"]["Synced"] > 0,
            "first product",
            until=time.monotonic() + WITHIN_S,
        )
        traffic.start()
        while True:
            say(line_of(log.count()))
            demo.patience.pass_time(PROGRESS_EVERY_S)
    except LateError as late:
        say(f"This did not come about in time: {late}")
        return 1
    finally:
        demo.patience.ended.set()
        traffic.stop()


def _tell_story(demo: Demo, shops: Shops, log: Log) -> bool:
    story = Story(vendors=demo.vendors, shops=shops, log=log, patience=demo.patience, say=say)
    try:
        story.play()
    except LateError as late:
        say(f"This did not come about within {WITHIN_S:.0f} seconds: {late}")
    tally, wanted = log.tally(), story.ending()
    say("Rows by kind, status and reason:")
    print("\n".join(lines_of(tally)))
    _show_remaining(log)
    if tally != wanted:
        say("The story did not end as told. It should have been:")
        print("\n".join(lines_of(wanted)), flush=True)
    uneven = shops.uneven_stock(story.wrong) if story.wrong else []
    for line in (*uneven, *(faults := story.chapters.faults())):
        say(line)
    say(f"Stock differs at {len(uneven)} shelves.")
    return tally == wanted and not uneven and not faults


def _show_remaining(log: Log) -> None:
    rows = log.unsynced()
    print("What the rows say that are not Synced:")
    for row in rows[:SHOWN_AT_MOST]:
        name = row["columns"].get("sku") or row["record"]
        print(f"  {row['kind']} {name}: {row['status']}. {row['sentence']} {row['remedy']}")
    if len(rows) > SHOWN_AT_MOST:
        print(f"  … and {len(rows) - SHOWN_AT_MOST} more.")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
