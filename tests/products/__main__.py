"""`python -m tests.products …`: the `pressroom` command with these products added to what is sold."""

from handlers.cli.main import main
from tests.products.selling import sell_test_products

if __name__ == "__main__":
    sell_test_products()
    main()
