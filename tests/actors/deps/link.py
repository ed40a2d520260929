"""`python -m tests.actors.deps.link`: the link to a book, from the settings of its environment."""

import asyncio

import click

from actors.deps.startup import open_deps
from infra.settings import read_settings


async def main() -> None:
    """Print the link."""
    deps = open_deps(read_settings())
    click.echo(await deps.objects.link("orders/cs_1/book.pdf", "Book.pdf"))
    await deps.db.close()


if __name__ == "__main__":
    asyncio.run(main())
