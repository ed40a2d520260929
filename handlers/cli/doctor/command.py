"""Command `doctor`: its options, its table and its exit code."""

from __future__ import annotations

import sys

import click

from handlers.cli.common import UnknownName, json_option, with_deps
from handlers.cli.output import ROWS, show

#: A server that needs longer is away, for a person who waits.
_PATIENCE_S = 8.0


@click.command()
@click.argument("part", nargs=-1)
@click.option(
    "--webhook", metavar="URL", help="Where Stripe sends events, if not to /webhooks/stripe at PUBLIC_URL."
)
@click.option(
    "--event", is_flag=True, help="Have Stripe send an event: a Checkout Session is opened, and expires."
)
@click.option(
    "--call", is_flag=True, help="Call the LLM, for a few tokens. The call is no order's: no ledger has it."
)
@json_option(ROWS)
def doctor(*, part: tuple[str, ...], webhook: str | None, event: bool, call: bool, as_json: bool) -> None:
    """Check the settings, and each server that they name.

    All are tried as Pressroom uses them, at once, and left as they were. Exit 1 if one is not well. `doctor stripe
    mail` tries only those; a finding's first word is its part.
    """
    from handlers.cli.doctor.examination import PARTS, Extent, examine

    if unknown := {*part} - {*PARTS}:
        raise UnknownName("part", min(unknown), PARTS)
    extent = Extent(webhook, event=event, call=call, parts=frozenset(part))
    findings = with_deps(lambda deps: examine(deps, extent), patience_s=_PATIENCE_S)
    show(findings, ("server", "well", "finding"), as_json=as_json)
    if not all(finding["well"] for finding in findings):
        sys.exit(1)
