"""`pressroom events`: Stripe's events as they were recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from handlers.cli.common import Row, limit_option
from handlers.cli.output import listing

if TYPE_CHECKING:
    from actors.deps.process import Deps
    from storage.records.orders import EventState


@click.group()
def events() -> None:
    """Look at Stripe's events."""


@events.command("list")
@click.option(
    "--state",
    default="ignored",
    type=click.Choice(["new", "applied", "ignored", "failed"]),
    help="Those in that state.",
)
@limit_option(1000, 50, "events")
@listing("id", "type", "received_at", "reason")
async def list_events(deps: Deps, state: EventState, limit: int) -> list[Row]:
    """List the newest events, and why they were ignored."""
    from handlers.views.orders import as_text
    from storage.events import latest_events

    return [
        {
            "id": event["_id"],
            "type": event["type"],
            "state": event["state"],
            "about": event["about"],
            "received_at": as_text(event["received_at"]),
            "reason": event.get("reason"),
        }
        for event in await latest_events(deps.db, state, limit)
    ]
