"""Home Energy, as it is sold: what a home takes to be kept warm, computed, drawn and explained."""

from pathlib import Path

from actors.products.answer_types import Address, Choice, Date, LongText, Number, Time
from actors.products.definition import (
    Chapter,
    Computation,
    Found,
    Occasion,
    Pace,
    Product,
    Section,
    Theme,
    chapter_of,
)
from actors.products.questions import NAME, Question
from infra.charts import Bar, Bars

#: What a heating takes in a year, in kWh for each square metre.
_NEED = {"gas": 140, "oil": 155, "district": 110, "heat_pump": 40}

FLOOR_AREA = Question(
    "floor_area",
    {"en": "Heated floor area", "de": "Beheizte Wohnfläche"},
    sample="120",
    type=Number(10, 2000, unit="m²"),
    help={"en": "All heated rooms together.", "de": "Alle beheizten Räume zusammen."},
)
HEATING = Question(
    "heating",
    {"en": "Heating", "de": "Heizung"},
    sample="gas",
    type=Choice(
        {
            "gas": {"en": "Gas boiler", "de": "Gasheizung"},
            "oil": {"en": "Oil boiler", "de": "Ölheizung"},
            "district": {"en": "District heating", "de": "Fernwärme"},
            "heat_pump": {"en": "Heat pump", "de": "Wärmepumpe"},
        }
    ),
)
ADDRESS = Question(
    "address", "Address of the home", "1 Old Road\nBath", type=Address(), autocomplete="street-address"
)
MOVED_IN = Question("moved_in", "When you moved in", "2016-02-29", type=Date(is_past=True))
UP_AT = Question("up_at", "When the first of you gets up", "06:40", type=Time())
NOTES = Question("notes", "Anything that we should know", "The attic is cold.", type=LongText())


def estimate(found: Found) -> dict[str, int]:
    """Return what the home takes in a year with each heating, in kWh."""
    area = float(found.answers["floor_area"])
    return {heating: round(area * need) for heating, need in _NEED.items()}


def draw_needs(occasion: Occasion) -> Bars:
    """Draw a bar for each heating, the customer's own among them."""
    needs, own = occasion.values["estimated"], occasion.answers["heating"]
    names = {heating: HEATING.type.said(heating) + (" (yours)" * (heating == own)) for heating in needs}
    bars = tuple(Bar(need, f"{names[heating]}: {need:,} kWh a year") for heating, need in needs.items())
    return Bars("What your home would take with each heating, as bars", bars)


_SECTIONS = (
    Section("where_it_goes", "Where the Warmth Goes", after=("estimated",)),
    Section("what_to_do", "What to Do First", after=("where_it_goes", "estimated")),
)

PRODUCT = Product(
    name="home_energy",
    title="Home Energy",
    subtitle="What your home takes, and what it need not take",
    price=2900,
    promise_s=600,
    needed=(NAME, FLOOR_AREA, HEATING),
    optional=(ADDRESS, MOVED_IN, UP_AT, NOTES),
    computations=(Computation("estimated", estimate, title="The home's need in kWh a year, by heating"),),
    sections=_SECTIONS,
    chapters=(
        Chapter("needs", "What Your Home Takes", chart=draw_needs, after=("estimated",)),
        *map(chapter_of, _SECTIONS),
    ),
    pace=Pace(max_in_flight=2),
    theme=Theme(accent="#7a4a1e", tint="#f4ede3"),
    folder=Path(__file__).parent,
)
