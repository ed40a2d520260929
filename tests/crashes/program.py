"""`python -m tests.crashes.program …`: the `pressroom` command, which dies where it is told to.

`CRASHES` names the folder of its lane's journal.
"""

import os
from pathlib import Path

from handlers.cli.main import main
from tests.crashes.edges import Journal
from tests.crashes.probes import install
from tests.products.selling import sell_test_products

if __name__ == "__main__":
    sell_test_products()
    install(Journal(Path(os.environ["CRASHES"])))
    main()
