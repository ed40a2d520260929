"""Books of a shop's orders, as the renderer is given them."""

from collections.abc import Sequence
from typing import cast

from actors.products.catalogue import PRODUCTS
from actors.products.plans import plan_of
from actors.reports.sources import book_source, chapter_source
from storage.records.orders import Order
from storage.steps import part_of
from tests.benchmarks.plans.shop import Shop
from tests.benchmarks.plans.typesetting import Book


def books_of(shop: Shop, orders: Sequence[str]) -> list[Book]:
    """Return the books of some orders, whose sections must be written."""
    found = cast("list[Order]", list(shop.db.orders.find({"_id": {"$in": list(orders)}})))
    return [_book(shop, order, product) for order in found for product in order["products"]]


def _book(shop: Shop, order: Order, product: str) -> Book:
    plan, report = plan_of(PRODUCTS[product]), f"{order['_id']}:{product}"
    written = shop.db.steps.find({"report": report, "kind": "write"}, {"result.text": 1})
    texts = {part_of(step["_id"]): step["result"]["text"] for step in written}
    chapters = [step for step in plan["steps"].values() if step["kind"] == "render"]
    return book_source(plan, order, "Pressroom"), [chapter_source(plan, step, texts, order) for step in chapters]
