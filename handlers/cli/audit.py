"""`pressroom audit`: judges every order of some time by what MongoDB, S3 and Stripe know of it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from handlers.cli.common import json_option, with_deps
from handlers.cli.output import show, show_json
from handlers.cli.times import Past

if TYPE_CHECKING:
    from actors.audit.audit import Findings
    from actors.deps.process import Deps


@click.command()
@click.option(
    "--since", metavar="TIME", type=Past(), default="3d", help="Orders placed since: 3d, 12h, or a time."
)
@click.option("--until", metavar="TIME", type=Past(), help="Orders placed before, said likewise.  [default: now]")
@click.option("--files", is_flag=True, help="Fetch each PDF and compare its hash. That takes long.")
@click.option("--no-stripe", is_flag=True, help="Do not ask Stripe.")
@json_option("an object of the number of orders, the violations and what was not judged")
def audit(since: datetime, until: datetime | None, files: bool, no_stripe: bool, as_json: bool) -> None:
    """Judge whether orders are what was promised.

    This changes nothing, and is safe at any time. Exit 1 if a promise is broken.
    """
    end = until or datetime.now(UTC)
    if since >= end:
        raise click.UsageError("--since must be before --until.")
    found = with_deps(lambda deps: _audit(deps, since, end, files=files, ask_stripe=not no_stripe))
    rows = [violation._asdict() for violation in found.violations]
    if as_json:
        show_json({"orders": found.orders, "violations": rows, "unjudged": found.unjudged})
    else:
        show(rows, ("order", "kind", "text"))
    for part in found.unjudged:
        click.echo(f"not judged: {part}", err=True)
    if rows:
        sys.exit(1)


async def _audit(deps: Deps, since: datetime, until: datetime, *, files: bool, ask_stripe: bool) -> Findings:
    from actors.audit.audit import Auditor
    from infra.stripe.client import Stripe

    def tell(count: int) -> None:
        if count % 1000 == 0:
            click.echo(f"judged {count} orders", err=True)

    till = Stripe(deps.settings) if ask_stripe else None
    return await Auditor(deps, till, open_files=files).audit(since, until, tell)
