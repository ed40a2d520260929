"""`pressroom alerts`: what operators were told of, until one of them settles it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from handlers.cli.common import Row, authority_of, end_option, limit_option, reason_option, with_deps
from handlers.cli.output import listing

if TYPE_CHECKING:
    from actors.deps.process import Deps


@click.group()
def alerts() -> None:
    """Look at alerts; settle or snooze them."""


@alerts.command("list")
@limit_option(1000, 100, "alerts")
@listing("id", "kind", "about", "at", "snoozed_until", "text")
async def list_alerts(deps: Deps, limit: int) -> list[Row]:
    """List the open alerts, newest first."""
    from handlers.views.alerts import alert_view
    from storage.alerts import open_alerts

    return [_row(alert_view(alert)) for alert in await open_alerts(deps.db, limit)]


@alerts.command("settled")
@limit_option(1000, 100, "alerts")
@listing("settled_at", "kind", "about", "who", "why", "text")
async def list_settled(deps: Deps, limit: int) -> list[Row]:
    """List the alerts that were settled of late, and by whom."""
    from handlers.views.alerts import settled_view
    from storage.alerts import settled_alerts

    return [_row(settled_view(alert)) for alert in await settled_alerts(deps.db, limit)]


def _row(alert: Row) -> Row:
    return {**alert, "about": alert["order"] or alert["event"], "text": alert["texts"][0]}


@alerts.command()
@click.argument("alert_id", metavar="ID")
@reason_option
def settle(alert_id: str, reason: str) -> None:
    """Settle an open alert.

    If its trouble is still there, or comes again, it is told anew.
    """
    from actors.orders.operators.alerts import settle_alert

    with_deps(lambda deps: settle_alert(deps, alert_id, authority_of(reason)))
    click.echo(f"{alert_id} is settled")


@alerts.command()
@click.argument("alert_id", metavar="ID")
@end_option
@reason_option
def snooze(alert_id: str, end: str, reason: str) -> None:
    """Have an open alert told again at a time, and not before.

    Other trouble of its kind and subject is told all the same.
    """
    from actors.orders.operators.alerts import snooze_alert
    from handlers.spans import read_end

    with_deps(lambda deps: snooze_alert(deps, alert_id, read_end(end, deps.clock.now()), authority_of(reason)))
    click.echo(f"{alert_id} is snoozed")
