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
    "--since", type=Past(_LONGEST), default="3d", help="How far back to look: 3d, 12h, 30m, or to a time."
)
@click.option("--dry-run", is_flag=True, help="Only say what is missing.")
@click.option("--unknown", is_flag=True, help="Also list our paid orders that Stripe does not know.")
@click.option("--foreign", is_flag=True, help="Also list what is about the money of other shops.")
@listing("what", "id", "type", "about", "done", "why")
async def reconcile(deps: Deps, since: datetime, dry_run: bool, unknown: bool, foreign: bool) -> list[Row]:
    """Place what Stripe knows and the webhook missed.

    This is safe at any time. Each difference comes with its cause, as far as that is known.
    """
    from actors.intake.explain import why_unknown
    from actors.intake.reconcile import Finding
    from actors.intake.reconcile import reconcile as ask_stripe
    from actors.intake.strangers import unknown_to_stripe
    from infra.stripe.client import Stripe

    def tell(kind: str, count: int) -> None:
        click.echo(f"looked at {count} {kind}", err=True)

    stripe = Stripe(deps.settings)
    left: list[Finding] = []
    found = await ask_stripe(deps, stripe, since, dry_run=dry_run, progress=tell, foreign=left)
    strangers = await unknown_to_stripe(deps, stripe, since) if unknown else []
    done = "nothing (dry run)" if dry_run else "applied"
    alone: Row = {"what": "order", "type": "unknown to Stripe", "about": None, "done": "nothing"}
    rows: list[Row] = [{**one._asdict(), "done": done} for one in found]
    rows += [{**one._asdict(), "done": "nothing"} for one in left if foreign]
    whys = await why_unknown(deps, strangers)
    return [*rows, *({**alone, "id": one, "why": why} for one, why in zip(strangers, whys, strict=True))]
