"""Catalogue of products: one line each. The web process loads it and no actor."""

from dataclasses import dataclass
from itertools import chain

from actors.products.checks import refuse_wrong_plan
from actors.products.definition import Product
from actors.products.life_clarity.product import PRODUCT as LIFE_CLARITY
from actors.products.personal_blueprint.product import PRODUCT as PERSONAL_BLUEPRINT
from actors.products.personal_horoscope.product import PRODUCT as PERSONAL_HOROSCOPE

#: Prices are in US cents.
CURRENCY = "usd"
#: The customer of a report that is promised within this time sees it before reading a confirmation.
_SHORT_S = 60 * 60


@dataclass(frozen=True)
class Offer:
    """Item with a price: the report of one product, or those of several."""

    name: str
    title: str
    subtitle: str
    price: int
    products: tuple[Product, ...]

    @property
    def reports(self) -> tuple[str, ...]:
        """The names of its products, which are their queues."""
        return tuple(product.name for product in self.products)

    @property
    def needed(self) -> tuple[str, ...]:
        """The answers that one of its products needs, or several do."""
        needed = chain.from_iterable(product.needed for product in self.products)
        return tuple(dict.fromkeys(needed))

    @property
    def promise_s(self) -> int:
        """The seconds after the payment within which the last of its reports is promised."""
        return max(product.promise_s for product in self.products)

    @property
    def is_confirmed(self) -> bool:
        """Whether its customer waits so long that a mail confirms the order."""
        return self.promise_s > _SHORT_S


PRODUCTS: dict[str, Product] = {}
OFFERS: dict[str, Offer] = {}

#: The queue of completion and all mail, for every offer.
MAIL_QUEUE = "bundle"


def sell(product: Product) -> None:
    """Add a product, and the offer of it alone, to those that this process sells and its workers make.

    PlanIsWrong if its definition contradicts itself.
    """
    refuse_wrong_plan(product)
    PRODUCTS[product.name] = product
    OFFERS[product.name] = Offer(product.name, product.title, product.subtitle, product.price, (product,))


def sell_together(name: str, title: str, subtitle: str, price: int, products: tuple[Product, ...]) -> None:
    """Add one offer of several products that are sold. It needs every answer that one of them needs."""
    OFFERS[name] = Offer(name, title, subtitle, price, products)


def offer_of(name: str | None) -> Offer | None:
    """Return the offer of that name, or None if none is sold here."""
    return OFFERS.get(name) if name else None


def title_of(name: str | None, otherwise: str = "Your order") -> str:
    """Return the title of an offer. `otherwise` if the name is unknown, or the offer is sold no more."""
    offer = offer_of(name)
    return offer.title if offer else otherwise


def queues() -> tuple[str, ...]:
    """Return every queue that has workers: one a product, and that of all mail."""
    return (*PRODUCTS, MAIL_QUEUE)


def rendering_queue(product: str) -> str:
    """Return the queue, beside a product's own, for work that keeps a processor busy.

    Such work must not hold back writing. A product's worker consumes both queues.
    """
    return f"{product}.render"


def queues_of(worker: str) -> tuple[str, ...]:
    """Return the queues that a worker of that queue consumes."""
    return (worker,) if worker == MAIL_QUEUE else (worker, rendering_queue(worker))


for _product in (
    LIFE_CLARITY,
    PERSONAL_BLUEPRINT,
    PERSONAL_HOROSCOPE,
):
    sell(_product)
sell_together(
    name="bundle",
    title="The Whole Picture",
    subtitle="Your question, your nature and your year, in three reports",
    price=12900,
    products=(LIFE_CLARITY, PERSONAL_BLUEPRINT, PERSONAL_HOROSCOPE),
)
