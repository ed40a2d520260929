"""One long report: its writing beside the least that its plan allows, and beside the reference's pace."""

from actors.products.catalogue import PRODUCTS
from actors.products.definition import Product
from infra.local.llm.exchange import Record
from tests.benchmarks.measured import Measured, Row, say
from tests.benchmarks.plans.reference import PRODUCT as PACED
from tests.benchmarks.plans.reference import SCALE
from tests.benchmarks.plans.shop import LONG, module, opened
from tests.benchmarks.plans.timeline import fewest_rounds, most_at_once, require_undisturbed, started, wall_s
from tests.pressroom import PRESSROOM

_CALL_S = 1.0


def measure() -> Measured:
    """Write it three times: with calls of a second, and of a tenth at our pace and at the reference's."""
    ours = _written("long, calls of 1 s", PRODUCTS[LONG], _CALL_S)
    assert ours["most at once"] == PRODUCTS[LONG].pace.max_in_flight, f"only {ours['most at once']} at once"
    quick = _written("long, calls of 0.1 s", PRODUCTS[LONG], _CALL_S * SCALE)
    paced = _written("long, at the reference's pace", PACED, _CALL_S * SCALE)
    sections = len(PRODUCTS[LONG].sections)
    title = (
        f"Writing one {LONG}, {sections} calls, no provider limit; the reference's pauses scaled like its calls"
    )
    figures = {
        "long_to_critical_path": ours["to least"],
        "long_speedup_over_reference_pace": paced["writing s"] / quick["writing s"],
    }
    return Measured(title, [ours, quick, paced], figures)


def _written(name: str, product: Product, call_s: float) -> Row:
    program = PRESSROOM if product is PRODUCTS[LONG] else module("reference")
    with opened(name, product.name, latency_s=call_s, program=program) as shop:
        purchase = shop.purchase(product.name)
        sent = shop.deliver([purchase])[purchase.order]
        shop.until_written(purchase.order, product.name, 150)
        calls = shop.calls([purchase.order])[purchase.order]
    require_undisturbed(product, calls)
    row = _row(product, call_s, calls)
    row |= {"first call s": started(calls) - sent}
    say(f"{name}: {row['writing s']:.2f} s, least {row['least s']:.2f} s")
    return row


def _row(product: Product, call_s: float, calls: list[Record]) -> Row:
    least = fewest_rounds(product) * call_s + (len(calls) - 1) * product.pace.gap_s
    return {
        "pace": f"{product.pace.max_in_flight}, {product.pace.gap_s:g} s",
        "call s": call_s,
        "writing s": wall_s(calls),
        "least s": least,
        "to least": wall_s(calls) / least,
        "most at once": most_at_once(calls),
    }
