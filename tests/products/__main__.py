"""`python -m tests.products …`: the `pressroom` command with these products added to what is sold."""

from actors.products.catalogue import sell, sell_together
from handlers.cli.main import main
from tests.products.choir.product import PRODUCT as CHOIR
from tests.products.field_notes.product import PRODUCT as FIELD_NOTES
from tests.products.snare.product import PRODUCT as SNARE
from tests.products.trio import product as trio

if __name__ == "__main__":
    sell(CHOIR)
    sell(FIELD_NOTES)
    sell(SNARE)
    for part in trio.PRODUCTS:
        sell(part)
    sell_together(trio.NAME, "Trio", "Three voices", trio.PRICE, trio.PRODUCTS)
    main()
