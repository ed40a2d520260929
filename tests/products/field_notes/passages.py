"""The computations: pure functions of the question, the passages found so far, and the section written.

And the chart of what was found.
"""

import math
import re
from collections import Counter
from typing import Any

from actors.products.definition import Found, Occasion
from infra.charts import Mark, Wheel

_WORD = re.compile(r"[a-z]{3,}")
_CITED = re.compile(r"\[(\d+)\]")

#: What the section may stand on. A real product would ask its search index here, and fail transiently without it.
PASSAGES = (
    ("Kestrel", "A kestrel hangs in the wind above a meadow and falls on what moves in the grass."),
    ("Heron", "The heron stands in the shallow water for an hour, and a fish forgets that it is there."),
    ("Swift", "A swift sleeps on the wing; it touches no ground between two summers."),
    ("Wren", "The wren is small, and its song in winter is louder than that of birds ten times its weight."),
    ("Owl", "An owl hears a mouse under snow, since its ears sit at different heights."),
    ("Crane", "Cranes rest on the same meadow each autumn, on a journey longer than any of them has lived."),
    ("Robin", "A robin sings by lamplight in a town, and defends a garden against other robins in winter."),
    ("Tern", "The tern sees two summers a year, and flies from one end of the earth to the other between them."),
)


def retrieve(found: Found) -> list[dict[str, Any]]:
    """Return the passages that share a word with the question, the most words first; all of them if none does."""
    asked = set(_words(found.answers["question"]))
    shared = [(len(asked & set(_words(text))), number) for number, (_, text) in enumerate(PASSAGES)]
    best = [number for count, number in sorted(shared, key=lambda one: (-one[0], one[1])) if count][:5]
    return [_passage(number) for number in best or range(len(PASSAGES))]


def rerank(found: Found) -> list[dict[str, Any]]:
    """Return the three passages whose shared words are the rarest, numbered as the section shall cite them."""
    spread = Counter(word for _, text in PASSAGES for word in set(_words(text)))
    asked = set(_words(found.answers["question"]))

    def weight(passage: dict[str, Any]) -> float:
        return sum(math.log(1 + len(PASSAGES) / spread[word]) for word in asked & set(_words(passage["text"])))

    ranked = sorted(found.values["retrieved"], key=weight, reverse=True)[:3]
    return [{**passage, "cite_as": f"[{place}]"} for place, passage in enumerate(ranked, start=1)]


def cite(found: Found) -> str:
    """Return the list of sources under the section: those it cites, and the others as read."""
    cited = set(_CITED.findall(found.values["answer"]))
    lines = []
    for place, passage in enumerate(found.values["reranked"], start=1):
        mark = "cited" if str(place) in cited else "read"
        lines.append(f"{place}. *{passage['title']}*, {mark}: {passage['text']}")
    return "\n".join(lines)


def draw_birds(occasion: Occasion) -> Wheel:
    """Return all birds on a wheel, with a mark on each that the section was given."""
    birds = tuple(title for title, _ in PASSAGES)
    found = [passage["title"] for passage in occasion.values["reranked"]]
    return Wheel(
        "All birds of the notes", birds, tuple(Mark(birds.index(one) + 0.5, f"Met: {one}") for one in found)
    )


def _passage(number: int) -> dict[str, Any]:
    title, text = PASSAGES[number]
    return {"title": title, "text": text}


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
