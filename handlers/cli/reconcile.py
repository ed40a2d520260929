"""`pressroom reconcile`: ask Stripe what we missed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from actors.deps import Deps

_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
#: Stripe keeps events for 30 days: https://docs.stripe.com/api/events
_LONGEST = timedelta(days=30)


class Since(click.ParamType[datetime]):
    """A span such as 3d, 12h or 30m, or a time in ISO 8601 (UTC unless it says otherwise); up to 30 days ago."""

    name = "3d|12h|TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the moment; click's own error for what is none."""
        now = datetime.now(UTC)
        since = _moment(str(value), now)
        if since is None or not now - _LONGEST <= since <= now:
            self.fail("say how long ago, such as 3d, 12h or 30m, or a past time in ISO 8601.", param, ctx)
        return since


@click.command()
@click.option("--since", type=Since(), default="3d", show_default=True, help="How far back to look.")
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


def _moment(text: str, now: datetime) -> datetime | None:
    if span := re.fullmatch(r"([1-9][0-9]{0,4})([dhm])", text):
        return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
