"""`pressroom reconcile`: paid sessions and events that the webhook missed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from handlers.cli.common import Row
from handlers.cli.output import listing
from handlers.cli.times import Past

if TYPE_CHECKING:
    from actors.deps.process import Deps

#: Stripe keeps events for 30 days: https://docs.stripe.com/api/events
_LONGEST = timedelta(days=30)


@click.command()
@click.option(
    "--since",
    type=Past(_LONGEST),
    default="3d",
    show_default=True,
    help="How far back to look: 3d, 12h, 30m, or to a time.",
)
@click.option("--dry-run", is_flag=True, help="Only say what is missing.")
@listing("what", "id", "type", "about", "done")
async def reconcile(deps: Deps, since: datetime, dry_run: bool) -> list[Row]:
    """Place what Stripe knows and the webhook missed.

    This is safe at any time.
    """
    from actors.intake.reconcile import reconcile as ask_stripe
    from infra.stripe.client import Stripe

    def tell(kind: str, count: int) -> None:
        click.echo(f"looked at {count} {kind}", err=True)

    found = await ask_stripe(deps, Stripe(deps.settings), since, dry_run=dry_run, progress=tell)
    return [{**one._asdict(), "done": "nothing (dry run)" if dry_run else "applied"} for one in found]
