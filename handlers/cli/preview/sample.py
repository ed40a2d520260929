"""Sample content of a preview: one customer's answers, and text of the kind that a model writes."""

from datetime import UTC, datetime

from actors.products.definition import Product, Section
from actors.products.questions import QUESTIONS
from infra.local.llm.prose import write_prose
from infra.tenants import MAIN
from storage.orders import new_order
from storage.records.orders import Order, Purchase

#: The answers of the customer who buys in the demo, too.
ANSWERS = {
    "name": "Ada Byron",
    "birth_date": "1988-04-17",
    "birth_time": "06:40",
    "birth_place": "London",
    "question": "Shall I take the new position, or stay where I am known?",
    "language": "en",
}
#: The same product makes the same file, so that its day is fixed.
_PAID_AT = datetime(2026, 1, 5, tzinfo=UTC)


def sample_order(product: Product) -> Order:
    """Return that customer's order of a product, as far as a book needs it."""
    purchase: Purchase = {
        "tenant": MAIN,
        "colours": None,
        "product": product.name,
        "products": [product.name],
        "run": {product.name: 1},
        "answers": ANSWERS,
        "missing": [],
        "objection": None,
    }
    return new_order("preview", "preview", purchase, _PAID_AT)


def sample_texts(product: Product) -> dict[str, str]:
    """Return a text for each section of a product, by the section's id.

    Each has a heading, a list or a table, a pull quote, and a call-out that says where the real one comes from.
    The first also has the customer's answers as a table. The same product gets the same texts.
    """
    texts = {section.id: _text(product.name, section) for section in product.sections}
    texts[product.sections[0].id] += f"\n{_answers_table()}\n"
    return texts


def _text(product: str, section: Section) -> str:
    prose = write_prose("preview", product, section.id, f"<name>{ANSWERS['name']}</name>", "sample")
    source = f"prompts/{section.brief_name}.md"
    return f"{prose}\n> **Sample text.** The real one will be written from {source}.\n"


def _answers_table() -> str:
    rows = [f"| {QUESTIONS[name]} | {answer} |" for name, answer in ANSWERS.items()]
    return "\n".join(["| What was asked | What was answered |", "| --- | --- |", *rows])
