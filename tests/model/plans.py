"""Small plans, with the faults through which they are explored."""

from typing import NamedTuple

from tests.model.engine import Luck
from tests.model.rules import Plan


class Case(NamedTuple):
    """Plan, and what may go wrong."""

    name: str
    plan: Plan
    luck: Luck


def _plan(bound: int, **needs: tuple[str, ...]) -> Plan:
    return Plan(needs, dict.fromkeys(needs, "write"), {"write": bound})


#: Two steps that share one slot; a step that follows another; two that a third follows.
_TWO = _plan(1, one=(), two=())
_CHAIN = _plan(1, first=(), then=("first",))
_FORK = _plan(2, left=(), right=(), both=("left", "right"))
#: Sections, a chapter of theirs, and the book, each kind in its own slot set.
_BOOK = Plan(
    {"one": (), "two": (), "chapter": ("one", "two"), "book": ("chapter",)},
    {"one": "write", "two": "write", "chapter": "render", "book": "render"},
    {"write": 1, "render": 1},
)

#: Explored with every suite.
QUICK = (
    Case("two steps, a crash", _TWO, Luck(crashes=1)),
    Case("two steps, a freeze, a lost message", _TWO, Luck(freezes=1, losses=1)),
    Case("a chain, a crash and a freeze", _CHAIN, Luck(crashes=1, freezes=1)),
)
#: Explored by `python -m tests.model`, which takes minutes.
LARGE = (
    Case("two steps, two crashes and a freeze", _TWO, Luck(crashes=2, freezes=1)),
    Case("a chain, everything", _CHAIN, Luck(crashes=1, freezes=1, losses=1, flushes=1)),
    Case("a fork, a crash", _FORK, Luck(crashes=1)),
    Case("a fork, a freeze and a flush", _FORK, Luck(freezes=1, flushes=1)),
    Case("a book, a crash", _BOOK, Luck(crashes=1)),
    Case("a book, a freeze and a lost message", _BOOK, Luck(freezes=1, losses=1)),
)
