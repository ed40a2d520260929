"""`pressroom pauses`: what is begun by nobody for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from handlers.cli.common import Row, authority_of, end_option, reason_option, with_deps
from handlers.cli.output import listing

if TYPE_CHECKING:
    from actors.deps.process import Deps


@click.group()
def pauses() -> None:
    """Pause a product, a tenant or the provider, and resume it."""


@pauses.command("list")
@listing("subject", "until", "who", "reason")
async def list_pauses(deps: Deps) -> list[Row]:
    """List the pauses that hold."""
    from handlers.views.pauses import pauses_that_hold

    return list(await pauses_that_hold(deps))


@pauses.command()
@click.argument("subject")
@end_option
@reason_option
@click.option("--dry-run", is_flag=True, help="Only say what it would do to promises.")
def begin(subject: str, end: str, reason: str, dry_run: bool) -> None:
    """Pause SUBJECT until an end: provider, product:NAME or tenant:NAME.

    Orders are taken and confirmed meanwhile, and calls in the air are finished; nothing else is begun. A pause
    that is begun again has the new end.
    """

    async def work(deps: Deps) -> None:
        from actors.orders.operators.work_pauses import effect_of, pause_work
        from handlers.spans import read_end

        until = read_end(end, deps.clock.now())
        click.echo(str(await effect_of(deps, subject, until)))
        if not dry_run:
            await pause_work(deps, subject, until, authority_of(reason))
            click.echo(f"{subject} is paused until {until:%Y-%m-%d %H:%M} UTC")

    with_deps(work)


@pauses.command("end")
@click.argument("subject")
@reason_option
def end_pause(subject: str, reason: str) -> None:
    """Let a paused SUBJECT go on before the end."""
    from actors.orders.operators.work_pauses import resume_work

    with_deps(lambda deps: resume_work(deps, subject, authority_of(reason)))
    click.echo(f"{subject} goes on")
