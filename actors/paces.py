"""Paces to measure by."""

from collections.abc import Mapping
from types import MappingProxyType

from actors.product import Pace

#: The pacing of the published design that this project is compared with (FastAPI, Celery, Redis, MongoDB), by
#: product: four sections at once; rounds of five with 1.5 s between them, as five wide with that pause after each;
#: strictly one by one with 2 s between. `dataclasses.replace(product, pace=REFERENCE[product.name])` is a product
#: at the reference's pace, whose plan has an id of its own, so that both can be written side by side.
REFERENCE: Mapping[str, Pace] = MappingProxyType(
    {
        "life_clarity": Pace(max_in_flight=4),
        "personal_blueprint": Pace(max_in_flight=5, gap_s=1.5),
        "personal_horoscope": Pace(max_in_flight=1, gap_s=2.0),
    }
)
