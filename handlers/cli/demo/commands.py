"""`pressroom demo`, `up` and `local`: buy and check, keep the shop open, and run commands on it."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path

import click

from handlers.cli.common import UnknownName, writing

_OUTPUT = Path("demo-output")


@click.command()
@click.argument("product", default="bundle")
def demo(product: str) -> None:
    """Buy PRODUCT on a local stack, and check what arrives.

    It is the bundle, unless another is named. A copy of mail and PDFs is in demo-output/.
    """
    from actors.products.catalogue import MAIL_QUEUE, OFFERS
    from handlers.cli.demo.proof import prove
    from handlers.cli.demo.purchase import buy
    from handlers.cli.demo.start import running_stack
    from handlers.cli.demo.watch import follow

    if product not in OFFERS:
        raise UnknownName("product", product, OFFERS)
    with writing():  # before all else takes its time
        _OUTPUT.mkdir(exist_ok=True)
    with running_stack((*OFFERS[product].reports, MAIL_QUEUE)) as stack:
        order = buy(stack, OFFERS[product])
        click.echo(f"Paid: order {order}")
        stages = asyncio.run(follow(stack, order))
        prove(stack, order, stages, _OUTPUT)


@click.command()
@click.option("--port", metavar="PORT", default=8000, type=click.IntRange(1, 65535), help="The shop's.")
@click.option("--servers", is_flag=True, help="The servers alone: Pressroom's processes are yours to start.")
def up(port: int, *, servers: bool) -> None:
    """Keep the local stack running until Ctrl-C.

    It has the shop and the inbox in the browser, and takes every command after `pressroom local`.
    """
    from actors.products.catalogue import queues
    from handlers.cli.demo.start import running_stack

    with running_stack(() if servers else queues(), web_port=port) as stack:
        click.echo(f"The shop       {stack.urls.web}")
        click.echo(f"The inbox      {stack.urls.inbox}")
        click.echo(f"Commands       {sys.argv[0]} local orders list")
        click.echo("Press Ctrl-C to stop.")
        try:
            while not threading.Event().wait(1.0):
                stack.check()
        except KeyboardInterrupt:
            click.echo("Stopping.")


@click.group()
@click.pass_context
def local(ctx: click.Context) -> None:
    """Run another command on the local stack that runs here.

    It is the one that `make up` or `make demo`, in the same folder, keeps running.
    """
    ctx.obj = _enter


def _enter() -> None:
    """Make this process's environment that of the stack's own processes."""
    from infra.local.environment import outer_environment
    from infra.local.notice import read_notice

    env = {**outer_environment(), **read_notice(Path(".local"))}
    os.environ.clear()
    os.environ.update(env)
