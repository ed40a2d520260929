"""Trio: three short reports of two sections each, sold together, so that many bundles can be made quickly."""

from pathlib import Path

from actors.products import questions
from actors.products.definition import Chapter, Pace, Product, Section, Theme
from tests.products import choir

NAME, PRICE = "trio", 2500


def _part(name: str) -> Product:
    return Product(
        name=name,
        title=f"{name.title()} Voice",
        subtitle="Two answers",
        price=900,
        promise_s=600,
        needed=(questions.NAME, questions.QUESTION),
        sections=(
            Section("first", "What It Says First", brief="voice"),
            Section("then", "What It Says Then", after=("first",), brief="voice"),
        ),
        chapters=(Chapter("all", "What It Says", ("first", "then")),),
        pace=Pace(max_in_flight=2),
        theme=Theme(accent="#5a3d45", tint="#f1eaee"),
        folder=Path(choir.__file__).parent,
    )


PRODUCTS = tuple(map(_part, ("high", "middle", "low")))
