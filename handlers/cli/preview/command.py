"""Command `preview`: the files that it writes, its progress and its result."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handlers.cli.common import UnknownName, json_option, on_one_line, writing
from handlers.cli.output import show_json

if TYPE_CHECKING:
    from actors.products.definition import Product
    from handlers.cli.preview.book import Preview

_FOLDER = Path(".local") / "preview"


@click.command()
@click.argument("product")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The PDF's file.")
@json_option("an object with the file, its pages and bytes, and chapters_set")
def preview(product: str, out: Path | None, as_json: bool) -> None:
    """Set a product's whole book with sample text.

    Computations and charts are run on a sample customer's answers; the first that fails is named, exit 1.

    Chapters that have not changed since the last time are reused. No server is needed, and no setting. They are
    kept below .local/preview/PRODUCT, and so is the PDF unless --out says where else it goes.
    """
    from actors.products.catalogue import PRODUCTS

    if product not in PRODUCTS:
        raise UnknownName("product", product, PRODUCTS)
    shelf, file = _FOLDER / product / "chapters", out or _FOLDER / product / f"{product}.pdf"
    with writing():
        for folder in (file.parent, shelf):
            folder.mkdir(parents=True, exist_ok=True)
        made = _set(PRODUCTS[product], shelf, file)
    if as_json:
        show_json({**vars(made), "product": product})
    else:
        chapters = made.chapters_set + made.chapters_reused
        click.echo(
            f"{on_one_line(made.file)}: {made.pages} pages, {made.chapters_set} of {chapters} chapters set anew"
        )


def _set(product: Product, shelf: Path, file: Path) -> Preview:
    """Set the book, with its progress on stderr if that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    from handlers.cli.preview.book import set_preview

    console = Console(stderr=True)
    # A transient bar leaves an empty line where it cannot be wiped away.
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("chapters", total=None)
        return asyncio.run(
            set_preview(product, shelf, file, lambda done, of: progress.update(bar, completed=done, total=of))
        )
