"""Catalogue of products: one line each. The web process loads it and no actor."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from actors.products.checks import refuse_wrong_offer, refuse_wrong_plan
from actors.products.definition import Product
from actors.products.life_clarity.product import PRODUCT as LIFE_CLARITY
from actors.products.personal_blueprint.product import PRODUCT as PERSONAL_BLUEPRINT
from actors.products.personal_horoscope.product import PRODUCT as PERSONAL_HOROSCOPE
from actors.products.questions import EMAIL, LANGUAGE, LIFE, Question, by_id

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
    def needed(self) -> dict[str, Question]:
        """By their ids the questions whose answers one of its products needs, or several do."""
        return by_id(chain.from_iterable(product.needed for product in self.products))

    @property
    def asked(self) -> dict[str, Question]:
        """By their ids the questions of the shop's form: those that are needed, then the others."""
        return self.needed | by_id(chain.from_iterable(product.optional for product in self.products))

    @property
    def questions(self) -> dict[str, Question]:
        """By their ids the questions whose answers are used, wherever these come from."""
        return self.asked | by_id(chain.from_iterable(product.questions.values() for product in self.products))

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
    sell_together(product.name, product.title, product.subtitle, product.price, (product,))
    PRODUCTS[product.name] = product


def sell_together(name: str, title: str, subtitle: str, price: int, products: tuple[Product, ...]) -> None:
    """Add one offer of several products that are sold. It asks every question that one of them asks.

    PlanIsWrong if two of them ask different questions by one id, or they ask too many.
    """
    refuse_wrong_offer(name, products)
    OFFERS[name] = Offer(name, title, subtitle, price, products)


def questions_of(offer: Offer | None) -> dict[str, Question]:
    """Return by their ids the questions whose answers an offer uses. Without an offer, those about a life."""
    return offer.questions if offer else by_id((*LIFE, LANGUAGE))


def known_questions() -> dict[str, Question]:
    """Return by their ids the questions of all that is sold."""
    return by_id(chain.from_iterable(offer.questions.values() for offer in OFFERS.values()))


def question_of(product: str | None, name: str) -> Question:
    """Return the question of that id in an offer. One that is asked no more, or never was, asks for any text."""
    known = questions_of(offer_of(product)) | by_id((EMAIL,))
    return known.get(name) or Question(name, name.replace("_", " ").capitalize(), sample="")


def said_answers(product: str | None, answers: Mapping[str, str]) -> dict[str, str]:
    """Return answers as people and prompts are told them: with a number's unit, and in the words of a choice."""
    known = questions_of(offer_of(product))
    said = {name: known[name].type.said(value) for name, value in answers.items() if name in known}
    return {**answers, **said}


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
