"""`pressroom mails preview`: a sample of every letter that Pressroom sends."""

from pathlib import Path

import click

_INDEX = Path(__file__).parent / "pages" / "mails.html"


@click.group()
def mails() -> None:
    """Look at mails."""


@mails.command()
@click.option(
    "--out",
    default="mails-preview",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder.",
)
def preview(out: Path) -> None:
    """Write every letter to a folder, to look at.

    Its index.html shows them all. No server is needed.
    """
    from jinja2 import Template

    from actors.mail.samples import sample_letters
    from infra.mail.letter import as_message

    out.mkdir(parents=True, exist_ok=True)
    letters = dict(sample_letters())
    for name, letter in letters.items():
        (out / f"{name}.html").write_text(letter.html, encoding="utf-8")
        (out / f"{name}.txt").write_text(letter.text, encoding="utf-8")
        (out / f"{name}.eml").write_bytes(as_message(letter).content)
    index = Template(_INDEX.read_text(encoding="utf-8"), autoescape=True).render(letters=letters)
    (out / "index.html").write_text(index, encoding="utf-8")
    click.echo(f"{len(letters)} letters in {out / 'index.html'}")
