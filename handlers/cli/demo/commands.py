"""The two commands: buy something and prove that it arrived, or keep the shop open."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handlers.cli.session import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.local.stack import Stack

_OUTPUT = Path("demo-output")
#: Seconds an LLM call: slow enough to be watched.
_LATENCY_S = 0.5


@click.command()
@click.argument("product", default="bundle")
def demo(product: str) -> None:
    """Buy PRODUCT on a local stack, and check what arrives.

    It is the bundle, unless another is named. A copy of mail and PDFs is in demo-output/.
    """
    from actors.catalogue import OFFERS
    from handlers.cli.demo.proof import prove
    from handlers.cli.demo.purchase import buy
    from handlers.cli.demo.watch import follow

    if product not in OFFERS:
        raise Unknown("product", product, OFFERS)
    with _open() as stack:
        order = buy(stack, OFFERS[product])
        click.echo(f"Paid: order {order}")
        stages = asyncio.run(follow(stack, order))
        prove(stack, order, stages, _OUTPUT)


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="The shop's.")
def up(port: int) -> None:
    """Keep the local stack running until Ctrl-C.

    It has the shop and the inbox in the browser, and takes every command after `pressroom local`.
    """
    with _open(web_port=port) as stack:
        click.echo(f"The shop       {stack.urls.web}")
        click.echo(f"The inbox      {stack.urls.inbox}")
        click.echo(f"Commands       {sys.argv[0]} local orders list")
        click.echo("Press Ctrl-C to stop.")
        try:
            while not threading.Event().wait(1.0):
                stack.check()
        except KeyboardInterrupt:
            click.echo("Stopping.")


@contextmanager
def _open(web_port: int | None = None) -> Iterator[Stack]:
    """Start the servers, then Pressroom's processes, each as one line."""
    from actors.catalogue import queues
    from infra.local.stack import Stack

    # As orderly an end as Ctrl-C is, by leaving the `with` below.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    click.echo("Starting the local stack: MongoDB, Redis, S3, mail, LLM and Stripe stand-ins")
    with Stack(latency_s=_LATENCY_S, web_port=web_port) as stack:
        commands = [("web",), ("sweep",), *(("worker", queue) for queue in queues())]
        started = [stack.pressroom(*command) for command in commands]
        for part in started:
            part.wait_ready()
        click.echo(f"Pressroom is up: {', '.join(part.name for part in started)}")
        yield stack
