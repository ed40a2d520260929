"""Life Clarity, as it is sold: four sections that need nothing of one another."""

from pathlib import Path

from actors.products.definition import Pace, Product, Section, Theme, chapter_of
from actors.products.questions import LIFE, NAME, QUESTION

_SECTIONS = (
    Section("where_you_stand", "Where You Stand"),
    Section("what_pulls_you", "What Pulls You"),
    Section("question_beneath", "The Question Beneath"),
    Section("next_six_weeks", "The Next Six Weeks"),
)

PRODUCT = Product(
    name="life_clarity",
    title="Life Clarity",
    subtitle="A personal reading of the question you are living with",
    price=1900,
    promise_s=10 * 60,
    needed=(NAME, QUESTION),
    accepts=LIFE,
    sections=_SECTIONS,
    chapters=tuple(map(chapter_of, _SECTIONS)),
    pace=Pace(max_in_flight=4),
    theme=Theme(accent="#1f5a5e", tint="#f1ece1"),
    folder=Path(__file__).parent,
)
