"""`pressroom mails`: those that went to customers, and a sample of every letter that Pressroom sends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from handlers.cli.common import Row, limit_option, on_one_line, writing
from handlers.cli.output import listing

if TYPE_CHECKING:
    from actors.deps.process import Deps
    from handlers.views.mails import MailState

_INDEX = Path(__file__).parent / "pages" / "mails.html"


@click.group()
def mails() -> None:
    """Look at mails."""


@mails.command("list")
@click.option("--state", type=click.Choice(["sent", "waiting", "refused"]), help="Those in that state.")
@limit_option(1000, 50, "mails")
@listing("order_id", "kind", "state", "tries", "at", "said")
async def list_mails(deps: Deps, state: MailState | None, limit: int) -> list[Row]:
    """List the newest mails to customers.

    With each comes what the mail server said last; addresses are masked.
    """
    from handlers.views.mails import mails_view

    return list(await mails_view(deps, state, limit))


@mails.command()
@click.option(
    "--out", default="mails-preview", type=click.Path(path_type=Path, file_okay=False), help="The folder."
)
def preview(out: Path) -> None:
    """Write every letter to a folder, to look at.

    Its index.html shows them all. No server is needed.
    """
    from jinja2 import Template

    from actors.mail.samples import sample_letters
    from infra.mail.letter import as_message

    letters = dict(sample_letters())
    index = Template(_INDEX.read_text(encoding="utf-8"), autoescape=True).render(letters=letters)
    with writing():
        out.mkdir(parents=True, exist_ok=True)
        for name, letter in letters.items():
            (out / f"{name}.html").write_text(letter.html, encoding="utf-8")
            (out / f"{name}.txt").write_text(letter.text, encoding="utf-8")
            (out / f"{name}.eml").write_bytes(as_message(letter).content)
        (out / "index.html").write_text(index, encoding="utf-8")
    click.echo(f"{len(letters)} letters in {on_one_line(out / 'index.html')}")
