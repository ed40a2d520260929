"""What can be bought: one line a product. The web process loads this and no actor."""

from dataclasses import dataclass

from actors.life_clarity.product import PRODUCT as LIFE_CLARITY
from actors.product import Product

#: Prices are in US cents.
CURRENCY = "usd"

PRODUCTS: dict[str, Product] = {product.name: product for product in (LIFE_CLARITY,)}


@dataclass(frozen=True)
class Offer:
    """Something with a price: one report or several. `reports` names their products, which are their queues."""

    name: str
    title: str
    price: int
    needed: tuple[str, ...]
    reports: tuple[str, ...]


OFFERS: dict[str, Offer] = {
    product.name: Offer(product.name, product.title, product.price, product.needed, (product.name,))
    for product in PRODUCTS.values()
}

#: Completion and all mail run on this queue, whatever was bought.
MAIL_QUEUE = "bundle"
QUEUES = (*PRODUCTS, MAIL_QUEUE)
