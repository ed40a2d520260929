"""Snare: an answer below an opener whose chart hangs the worker that draws it, once for each snare that is set."""

import threading
from pathlib import Path

from actors.products.definition import Chapter, Occasion, Pace, Product, Section, Theme
from actors.products.questions import NAME, QUESTION
from infra.charts import Wheel
from tests.products import choir


def _draw(occasion: Occasion) -> Wheel:
    """Draw nothing. Who finds the file that the question names removes it, and never returns."""
    try:
        Path(occasion.answers["question"]).unlink()
    except FileNotFoundError:
        return Wheel("A wheel", ("one", "two", "three"), ())
    threading.Event().wait()
    raise AssertionError


PRODUCT = Product(
    name="snare",
    title="Snare",
    subtitle="An answer behind a trap",
    price=900,
    promise_s=600,
    needed=(NAME, QUESTION),
    sections=(Section("answer", "The Answer", brief="voice"),),
    chapters=(Chapter("trap", "The Trap", chart=_draw), Chapter("answer", "The Answer", ("answer",))),
    pace=Pace(max_in_flight=1),
    theme=Theme(accent="#5a3d45", tint="#f1eaee"),
    folder=Path(choir.__file__).parent,
)
