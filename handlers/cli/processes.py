"""Processes of an installation: each in the foreground, one ready line on stdout, exit 0 on SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Literal, NoReturn

import click

from handlers.cli.common import Number, UnknownName, settings_here
from infra.errors import SettingsError
from infra.garbage import spare_imports

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from infra.settings import Settings


@click.command()
@click.option("--host", metavar="ADDRESS", default="127.0.0.1", help="The address to listen on.")
@click.option("--port", metavar="PORT", default=8000, type=click.IntRange(0, 65535), help="Any free one, if 0.")
@click.option(
    "--only",
    type=click.Choice(["customers", "operators"]),
    help="Serve the others' pages elsewhere: in another process, on another port or host.",
)
def web(host: str, port: int, only: Literal["customers", "operators"] | None) -> None:
    """Take Stripe's webhooks, and serve all pages."""
    asyncio.run(_serve_until_told(_begin("web"), host, port, only))


async def _serve_until_told(settings: Settings, host: str, port: int, only: str | None) -> None:
    from handlers.web.app import customers_routes
    from handlers.web.server import serve_web
    from infra.metrics import serve_metrics

    serve_metrics(settings)
    operators = [] if only == "customers" else _operators_routes(settings)
    if only == "operators" and not operators:
        raise SettingsError("OPS_USERS names no operator, and there is nothing else to serve.")
    customers = [] if only == "operators" else customers_routes()
    await serve_web(settings, host, port, lambda url: _ready(f"web {url}"), [*customers, *operators])
    _end(0)


def _operators_routes(settings: Settings) -> list[BaseRoute]:
    """Return the routes to the operators' pages. None, and nothing is loaded for them, without an account."""
    if settings.ops_users is None:
        return []
    from handlers.ops.routes import ops_routes
    from infra.accounts import read_accounts

    return ops_routes(read_accounts(settings.ops_users))


@click.command()
@click.argument("queue")
@click.option(
    "--threads",
    metavar="N",
    default=32,
    type=click.IntRange(1, 1000),
    help="Messages in the air at once: coroutines, which mostly wait.",
)
def worker(queue: str, threads: int) -> None:
    """Do the work of one queue.

    It is a product's, or `bundle`, which completes orders and sends mail.
    """
    _heed_sigterm()  # what is imported here takes a while
    from actors.products.catalogue import MAIL_QUEUE, queues
    from actors.worker.heartbeat import Heart
    from actors.worker.niceness import niceness_of
    from infra.llm.prices import expect_price, read_prices
    from infra.metrics import serve_metrics
    from infra.pdf import Renderer
    from infra.priority import yield_by

    if queue not in queues():
        raise UnknownName("queue", queue, queues())
    settings = _begin(f"worker {queue}")
    serve_metrics(settings)  # before this thread yields, as well
    heart = Heart(settings.mongodb_url)  # before this thread yields, and with it all that it starts
    yield_by(niceness_of(queue))
    renderer = Renderer()
    if queue != MAIL_QUEUE:
        expect_price(settings.openai_model, settings.order_budget_usd, read_prices(settings.llm_prices_file))
        renderer.begin()  # before all else: it takes as long as the rest of the start

    from actors.deps.startup import wait_for_servers
    from actors.worker.process import WorkerHangs, WorkerProcess

    asyncio.run(wait_for_servers(settings))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    process = WorkerProcess(settings, queue, threads, renderer, heart)
    process.log_start()
    try:
        if process.begin(stop):
            _ready(f"worker {queue}")
            process.wait(stop)
        process.close()
    except WorkerHangs:
        _end(1)
    _end(0)


@click.command()
@click.option("--every", metavar="SECONDS", default=2.0, type=Number(0.1, 60), help="From a round to the next.")
@click.option("--once", is_flag=True, help="Do one round and end.")
def sweep(every: float, once: bool) -> None:
    """Move on work that is stuck.

    Send lost messages again, free the work of dead workers, and complete steps that a crash left half done.
    """
    asyncio.run(_sweep_until_told(_begin("sweep"), every, once=once))


async def _sweep_until_told(settings: Settings, every: float, *, once: bool) -> None:
    from actors.deps.startup import open_deps, wait_for_servers
    from actors.sweep.sweep import sweep_for_ever, sweep_once
    from actors.sweep.workers import Watch
    from infra.metrics import serve_metrics
    from infra.stripe.client import Stripe

    serve_metrics(settings)
    await wait_for_servers(settings)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    deps = open_deps(settings)
    _ready("sweep")
    if once:
        await sweep_once(deps, Watch(deps.clock))
    else:
        await sweep_for_ever(deps, Stripe(settings), every, stopping)
    _end(0)


def _heed_sigterm() -> None:
    """Have SIGTERM end the process in order, also while it starts."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def _begin(process: str) -> Settings:
    """Read the settings and set up the logs. SIGTERM ends the process in order from then on."""
    _heed_sigterm()
    from infra.logs import log, set_up_logs
    from infra.places.clocks import zones_have_history
    from infra.tracing import begin_tracing

    settings = settings_here()
    set_up_logs(settings.log_format, process)
    begin_tracing(settings, process)
    if not zones_have_history():
        log.warning("time_zones_without_history", remedy="install the system's tzdata")
    return settings


def _end(code: int) -> NoReturn:
    """End at once: a thread that still waits for a hanging server would keep the process for minutes."""
    from infra.tracing import end_tracing

    end_tracing()
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)


def _ready(process: str) -> None:
    spare_imports()
    click.echo(f"ready {process}")
