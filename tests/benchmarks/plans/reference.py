"""`python -m tests.benchmarks.plans.reference …`: the `pressroom` command with the reference's pace for long ones.

Its gap is scaled as the calls are that it is measured with.
"""

from dataclasses import replace

from actors.catalogue import PRODUCTS, sell
from actors.paces import REFERENCE
from handlers.cli.main import main

#: The reference's calls are taken to last a second each: here they last a tenth, and so do its pauses.
SCALE = 0.1

_LONG = PRODUCTS["personal_horoscope"]
_PACE = REFERENCE[_LONG.name]
PRODUCT = replace(_LONG, pace=replace(_PACE, gap_s=_PACE.gap_s * SCALE))

if __name__ == "__main__":
    sell(PRODUCT)
    main()
