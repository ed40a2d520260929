"""`pressroom reconcile`: ask Stripe what we missed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from handlers.cli.moments import Past

if TYPE_CHECKING:
    from actors.deps import Deps

#: Stripe keeps events for 30 days: https://docs.stripe.com/api/events
_LONGEST = timedelta(days=30)


@click.command()
@click.option("--since", type=Past(_LONGEST), default="3d", show_default=True, help="How far back to look.")
@click.option("--dry-run", is_flag=True, help="Only say what is missing.")
@click.option("--json", "as_json", is_flag=True)
def reconcile(since: datetime, dry_run: bool, as_json: bool) -> None:
    """Place what Stripe knows and the webhook missed; safe at any time."""
    from handlers.cli.session import show, with_deps

    found = with_deps(lambda deps: _run(deps, since, dry_run))
    show(found, ("what", "id", "type", "about", "done"), as_json=as_json)


async def _run(deps: Deps, since: datetime, dry_run: bool) -> list[dict[str, Any]]:
    from actors.reconcile import reconcile as run
    from infra.stripe.client import Stripe

    def tell(what: str, count: int) -> None:
        click.echo(f"looked at {count} {what}", err=True)

    found = await run(deps, Stripe(deps.settings), since, dry_run=dry_run, progress=tell)
    return [{**one._asdict(), "done": "nothing (dry run)" if dry_run else "applied"} for one in found]
