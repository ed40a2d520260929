"""Choir: a hundred voices that need not hear one another, all of them asked at once."""

from pathlib import Path

from actors.products.definition import Chapter, Pace, Product, Section, Theme
from actors.products.questions import NAME, QUESTION

VOICES = 110
_IN_A_CHAPTER = 22


def _voice(number: int) -> str:
    return f"voice_{number}"


PRODUCT = Product(
    name="choir",
    title="Choir",
    subtitle="A hundred answers and ten",
    price=900,
    promise_s=600,
    needed=(NAME, QUESTION),
    sections=tuple(Section(_voice(number), f"Voice {number}", brief="voice") for number in range(VOICES)),
    chapters=tuple(
        Chapter(f"part_{first}", f"From voice {first} on", tuple(map(_voice, range(first, first + _IN_A_CHAPTER))))
        for first in range(0, VOICES, _IN_A_CHAPTER)
    ),
    pace=Pace(max_in_flight=VOICES),
    theme=Theme(accent="#5a3d45", tint="#f1eaee"),
    folder=Path(__file__).parent,
)
