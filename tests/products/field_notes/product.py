"""Field Notes: one section, and the passages that it stands on."""

from pathlib import Path

from actors.products.definition import Chapter, Computation, Pace, Product, Section, Theme
from actors.products.questions import NAME, QUESTION
from tests.products.field_notes.passages import cite, draw_birds, rerank, retrieve

PRODUCT = Product(
    name="field_notes",
    title="Field Notes",
    subtitle="An answer, and where it comes from",
    price=900,
    promise_s=600,
    needed=(NAME, QUESTION),
    computations=(
        Computation("retrieved", retrieve),
        Computation("reranked", rerank, after=("retrieved",), title="Passages to cite by their numbers"),
        Computation("sources", cite, after=("reranked", "answer"), title="Sources"),
    ),
    sections=(Section("answer", "What the Field Says", after=("reranked",)),),
    chapters=(
        Chapter("birds", "Who Was Met", chart=draw_birds, after=("reranked",)),
        Chapter("answer", "What the Field Says", ("answer",)),
        Chapter("sources", "Sources", ("sources",)),
    ),
    pace=Pace(max_in_flight=2),
    theme=Theme(accent="#3d5a45", tint="#eef1ea"),
    folder=Path(__file__).parent,
)
