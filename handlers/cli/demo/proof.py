"""Proof of a purchase: the mail is there, its link brings the PDF, and each answer stands in its place."""

import hashlib
import re
from pathlib import Path

import click
import httpx2

from actors.products.catalogue import PRODUCTS
from handlers.cli.demo.purchase import completions_of
from handlers.cli.demo.watch import Stages
from handlers.cli.output import show
from handlers.views.orders import ReportView
from infra.errors import PressroomError
from infra.local.pdf_text import text_of
from infra.local.seaweedfs import s3_client
from infra.local.stack import Stack


class ProofFailed(PressroomError):
    """The delivery differs from the purchase."""


def prove(stack: Stack, order: str, stages: Stages, output: Path) -> None:
    """Check everything that the customer would notice, keep a copy, and print the table; ProofFailed otherwise."""
    letters = completions_of(stack, order)
    if len(letters) != 1:
        raise ProofFailed(f"There are {len(letters)} completion letters, not one.")
    (output / "mail.html").write_text(letters[0].html, encoding="utf-8")
    (output / "mail.txt").write_text(letters[0].text, encoding="utf-8")
    for report in stages.view["reports"]:
        book = _download(letters[0].text, report["product"])
        _check_hashes(stack, book, report)
        _check_text(stack, book, order, report["product"])
        (output / f"{report['product']}.pdf").write_bytes(book)
    _print(stages, output)


def _download(text: str, product: str) -> bytes:
    link = re.search(rf"https?://\S+/reports/{product}\.pdf", text)
    if link is None:
        raise ProofFailed(f"The letter has no link to {product}.")
    answer = httpx2.get(link[0], follow_redirects=True, timeout=30)
    if answer.status_code != 200 or not answer.content.startswith(b"%PDF-"):
        raise ProofFailed(f"The link to {product} was answered {answer.status_code} and brought no PDF.")
    return answer.content


def _check_hashes(stack: Stack, book: bytes, report: ReportView) -> None:
    env, pdf = stack.env, report["pdf"]
    if pdf is None:
        raise ProofFailed(f"No PDF of {report['product']} is recorded.")
    stored = s3_client(env).get_object(Bucket=env["S3_BUCKET"], Key=pdf["key"])["Body"].read()
    if not hashlib.sha256(book).hexdigest() == hashlib.sha256(stored).hexdigest() == pdf["sha256"]:
        raise ProofFailed(f"The hashes of download, record and stored object of {report['product']} differ.")


def _check_text(stack: Stack, book: bytes, order: str, product: str) -> None:
    """Expect each answer's own word under its section's title, in plan order."""
    text = text_of(book)
    words = {record.section: record.word for record in stack.llm.requests(order=order, product=product)}
    place = 0
    for section in PRODUCTS[product].sections:
        title = text.find(section.title, place)
        word = text.find(words[section.id], title)
        if title < 0 or word < 0:
            raise ProofFailed(f"The answer to {section.id} is not in the PDF under its title.")
        place = word


def _print(stages: Stages, output: Path) -> None:
    rows = [{"stage": stage, "after_payment": f"{seconds:8.2f} s"} for stage, seconds in stages.ends_s.items()]
    show(rows, ("stage", "after_payment"))
    llm = stages.view["llm"]
    click.echo(f"{llm['attempts']} LLM calls, {llm['tokens']} tokens, {llm['cost_usd']} US dollars")
    for file in sorted(output.iterdir()):
        click.echo(f"{file} ({file.stat().st_size:,} bytes)")
