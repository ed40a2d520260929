"""`pressroom indexes`: MongoDB's indexes, built before a deploy needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from handlers.cli.common import with_deps

if TYPE_CHECKING:
    from actors.deps.process import Deps


@click.command()
@click.option("--drop", is_flag=True, help="Then remove those that this version does not need.")
def indexes(drop: bool) -> None:
    """Build the indexes that this version needs.

    Before a deploy: its processes find them there. It works beside running processes, however long that takes.
    Those of an older version stay until --drop, since it needs them as long as it runs.
    """
    with_deps(lambda deps: _build(deps, drop=drop))


async def _build(deps: Deps, *, drop: bool) -> None:
    from storage.index_builds import drop_leftover_indexes, ensure_indexes, leftover_indexes

    await ensure_indexes(deps.db, click.echo)
    leftovers = await leftover_indexes(deps.db)
    if drop:
        await drop_leftover_indexes(deps.db)
    for name in leftovers:
        click.echo(f"{name}: {'removed' if drop else 'not needed by this version; --drop removes it'}")
    click.echo("every index is there")
