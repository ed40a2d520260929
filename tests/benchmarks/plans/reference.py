"""`python -m tests.benchmarks.plans.reference …`: the `pressroom` command with the reference's pace for long ones.

Its gap is scaled as the calls are that it is measured with.
"""

from dataclasses import replace

from actors.products.catalogue import PRODUCTS, sell
from actors.products.definition import Pace
from handlers.cli.main import main

#: The reference's calls are taken to last a second each: here they last a tenth, and so do its pauses.
SCALE = 0.1
#: That of the published design which this project is compared with: strictly one by one, 2 s between.
PACE = Pace(max_in_flight=1, gap_s=2.0 * SCALE)

PRODUCT = replace(PRODUCTS["personal_horoscope"], pace=PACE)

if __name__ == "__main__":
    sell(PRODUCT)
    main()
