"""Runs the whole product in one process: HTTP, workers, scheduler; data under ``./var/``."""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chalicelib import wiring
from chalicelib.connectors.hosts import HostGuard
from chalicelib.connectors.pool import open_pool
from chalicelib.flows import keys
from chalicelib.flows.catalog import FLOWS
from chalicelib.flows.declare import Flow
from chalicelib.flows.services import Services
from chalicelib.ops import logging, metrics
from chalicelib.ops.settings import Settings, SettingsError
from local.boot import end_named_leases, end_old_leases, send_last_requests
from local.loops import Loops
from local.server import LocalServer, settings_of
from local.sqlite.stores import open_stores

PORT = 8080


@dataclass(frozen=True, kw_only=True)
class Running:
    """The product while it runs."""

    url: str
    services: Services
    settings: Settings
    loops: Loops
    first_key: str | None  #: the operator's key of a fresh installation, shown once


@contextmanager
def running(
    environment: Mapping[str, str],
    *,
    port: int = 0,
    folder: Path | None = None,
    flows: Mapping[str, Flow] = FLOWS,
) -> Iterator[Running]:
    """Run the product until the block ends; then everything stops in order.

    Args:
        port: 0 takes a free one.
        folder: where the data lies; None takes the setting's.
        flows: what can flow; the demo polls more often than people need to.
    """
    from app import app  # the entry point is imported like Lambda does, not while packaging

    server = LocalServer(app, port)
    actual = server.server.server_address[1]
    settings = Settings.from_env(settings_of(environment, int(actual)))
    data = folder or settings.var_dir
    data.mkdir(parents=True, exist_ok=True)
    logging.configure(settings, data)
    metrics.configure(settings)
    stores = open_stores(data, now=wiring.utc_now, retention_days=settings.retention_days)
    with open_pool(HostGuard(allow_loopback=settings.allow_private_hosts)) as http:
        services = wiring.build(
            settings,
            log=stores.log,
            registry=stores.registry,
            queue=stores.queue,
            vault=stores.vault,
            http=http,
            flows=flows,
        )
        end_old_leases(services)
        end_named_leases(stores.log_table)
        stores.queue.free_taken()
        send_last_requests(services)
        loops = Loops(services=services, workers=settings.workers)
        with wiring.use(services, settings):
            serving = threading.Thread(target=server.serve_forever, name="http", daemon=True)
            serving.start()
            loops.start()
            try:
                yield Running(
                    url=server.url,
                    services=services,
                    settings=settings,
                    loops=loops,
                    first_key=keys.create_first_key(services),
                )
            finally:
                server.shutdown()
                server.close()
                loops.stop()
                stores.close()
                logging.configure(settings)  # ends the file


def catch_end() -> threading.Event:
    """Return what Ctrl-C or a termination signal sets from now on."""
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda number, frame: ended.set())
    return ended


def main() -> int:
    """Run until Ctrl-C."""
    ended = catch_end()  # before anything is open: an early Ctrl-C ends it as cleanly
    try:
        port = int(os.environ.get("PORT", PORT))
        with running(os.environ, port=port) as product:
            print(f"Synclog runs at {product.url}; Ctrl-C ends it.", flush=True)
            print(f"Console: {product.url}/console", flush=True)
            if product.first_key is not None:
                print(f"The operator's key, shown this once: {product.first_key}", flush=True)
            ended.wait()
            print("Finishing what is under way …", flush=True)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"Synclog cannot start: {error}.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
