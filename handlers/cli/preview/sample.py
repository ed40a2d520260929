"""Sample content of a preview: one customer's answers, and text of the kind that a model writes."""

from datetime import UTC, datetime

from actors.products.answer_types import in_language
from actors.products.definition import Product, Section
from actors.products.questions import NAME, Question
from infra.local.llm.prose import write_prose
from infra.tenants import MAIN
from storage.orders import new_order
from storage.records.orders import Order, Purchase

#: The same product makes the same file, so that its day is fixed.
_PAID_AT = datetime(2026, 1, 5, tzinfo=UTC)


def sample_answers(product: Product) -> dict[str, str]:
    """Return that customer's answers to all that a product may know of them."""
    return {name: question.sample for name, question in product.questions.items()}


def sample_order(product: Product) -> Order:
    """Return that customer's order of a product, as far as a book needs it."""
    purchase: Purchase = {
        "tenant": MAIN,
        "colours": None,
        "product": product.name,
        "products": [product.name],
        "run": {product.name: 1},
        "answers": sample_answers(product),
        "missing": [],
        "ai_notice": True,
        "objection": None,
    }
    return new_order("preview", "preview", purchase, _PAID_AT)


def sample_texts(product: Product) -> dict[str, str]:
    """Return a text for each section of a product, by the section's id.

    Each has a heading, a list or a table, a pull quote, and a call-out that says where the real one comes from.
    The first also has the customer's answers as a table. The same product gets the same texts.
    """
    texts = {section.id: _text(product.name, section) for section in product.sections}
    texts[product.sections[0].id] += f"\n{_answers_table(product)}\n"
    return texts


def _text(product: str, section: Section) -> str:
    prose = write_prose("preview", product, section.id, f"<name>{NAME.sample}</name>", "sample")
    source = f"prompts/{section.brief_name}.md"
    return f"{prose}\n> **Sample text.** The real one will be written from {source}.\n"


def _answers_table(product: Product) -> str:
    asked = product.questions.values()
    rows = [f"| {in_language(one.words, '')} | {_in_a_cell(one)} |" for one in asked]
    return "\n".join(["| What was asked | What was answered |", "| --- | --- |", *rows])


def _in_a_cell(question: Question) -> str:
    return " ".join(question.type.said(question.sample).split())
