"""Sale of these products, beside those that everybody can buy."""

from collections.abc import Iterator
from contextlib import contextmanager

from actors.products.catalogue import OFFERS, PRODUCTS, sell, sell_together
from tests.products.choir.product import PRODUCT as CHOIR
from tests.products.field_notes.product import PRODUCT as FIELD_NOTES
from tests.products.home_energy.product import PRODUCT as HOME_ENERGY
from tests.products.sextet import product as sextet
from tests.products.snare.product import PRODUCT as SNARE
from tests.products.trio import product as trio


def sell_test_products() -> None:
    """Add them to what this process sells and makes."""
    for product in (CHOIR, FIELD_NOTES, HOME_ENERGY, SNARE, *trio.PRODUCTS, *sextet.PRODUCTS):
        sell(product)
    sell_together(trio.NAME, "Trio", "Three voices", trio.PRICE, trio.PRODUCTS)
    sell_together(sextet.NAME, "Octet", "Six voices and two", sextet.PRICE, sextet.PRODUCTS)


@contextmanager
def catalogue_kept() -> Iterator[None]:
    """Let the catalogue be changed for the length of the block: then it is as before."""
    products, offers = dict(PRODUCTS), dict(OFFERS)
    try:
        yield
    finally:
        PRODUCTS.clear()
        OFFERS.clear()
        PRODUCTS.update(products)
        OFFERS.update(offers)
