"""`python -m tests.crashes.planted …`: the program with a bug that the matrix must find. `PLANTED` names it."""

import os
import signal
import threading
from datetime import datetime
from pathlib import Path

import click

from actors.deps.worker import WorkDeps
from actors.orders.errands.letters import complete_order
from actors.orders.errands.registry import ERRANDS
from handlers.cli.main import main, pressroom
from storage.records.orders import Order
from tests.crashes.edges import Journal
from tests.crashes.probes import install
from tests.products.selling import sell_test_products


async def complete_without_record(deps: WorkDeps, order: Order) -> datetime | None:
    """Complete an order as if nobody had ever tried."""
    await deps.db.deliveries.delete_many({"order": order["_id"]})
    return await complete_order(deps, order)


@click.command()
def sweep() -> None:
    """Sweep nothing."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    click.echo("ready sweep")
    stop.wait()


def _forget_letters() -> None:
    ERRANDS["complete_order"] = complete_without_record


def _never_send_again() -> None:
    pressroom.add_command(sweep)


BUGS = {
    "a completion that ignores its record": _forget_letters,
    "a sweep that never sends again": _never_send_again,
}

if __name__ == "__main__":
    sell_test_products()
    BUGS[os.environ["PLANTED"]]()
    install(Journal(Path(os.environ["CRASHES"])))
    main()
