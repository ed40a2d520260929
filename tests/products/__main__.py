"""`python -m tests.products …`: the `pressroom` command with these products added to what is sold."""

from actors.catalogue import sell
from handlers.cli.main import main
from tests.products.choir.product import PRODUCT as CHOIR
from tests.products.field_notes.product import PRODUCT as FIELD_NOTES

if __name__ == "__main__":
    sell(CHOIR)
    sell(FIELD_NOTES)
    main()
