"""Cases that are explored: small plans of steps, ends of orders and their beginnings, with what befalls them."""

from typing import Any, NamedTuple

from tests.model.beginnings import ONE_STEP, Beginnings
from tests.model.engine import Engine, Luck
from tests.model.explore import Model
from tests.model.letters import Letters
from tests.model.rules import Plan


class Case(NamedTuple):
    """Model, and what may go wrong in it."""

    name: str
    model: Model[Any]


def _plan(bound: int, **needs: tuple[str, ...]) -> Plan:
    return Plan(needs, dict.fromkeys(needs, "write"), {"write": bound})


#: Two steps that share one slot; a step that follows another; two that a third follows.
TWO = _plan(1, one=(), two=())
CHAIN = _plan(1, first=(), then=("first",))
_FORK = _plan(2, left=(), right=(), both=("left", "right"))
#: Sections, a chapter of theirs, and the book, each kind in its own slot set.
_BOOK = Plan(
    {"one": (), "two": (), "chapter": ("one", "two"), "book": ("chapter",)},
    {"one": "write", "two": "write", "chapter": "render", "book": "render"},
    {"write": 1, "render": 1},
)

#: Explored with every suite.
QUICK = (
    Case("two steps, a crash", Engine(TWO, Luck(crashes=1))),
    Case("two steps, a freeze, a lost message", Engine(TWO, Luck(freezes=1, losses=1))),
    Case("a chain, a crash and a freeze", Engine(CHAIN, Luck(crashes=1, freezes=1))),
    Case("two reports and a letter, a crash and a freeze", Letters("ab", "crash", "freeze")),
    Case("a letter that is put off, not answered, refused", Letters("a", "busy", "silence", "refusal", "crash")),
    Case("a replay, a crash", Letters("ab", "replay", "crash")),
    Case("a correction, a crash", Letters("a", "correction", "crash")),
    Case("a gift, a lost PDF, a crash", Letters("a", "early", "loss", "crash")),
    Case("a refund, a crash", Letters("a", "refund", "crash")),
    Case("a refund on Stripe's own pages that bounces", Letters("a", "given back", "bounced")),
    Case("a withdrawal, a correction", Letters("a", "withdrawal", "correction")),
    Case("a dispute", Letters("a", "disputed", "won")),
    Case("an order, a crash, a late message", Beginnings("a", "completed", "paid", "crash", "late message")),
    Case("two reports, a tenant with one place, a crash", Beginnings("ab", "paid", "crash", limit=1)),
    Case("a refund that may come before its order", Beginnings("a", "paid", "given back")),
)
#: Explored by `python -m tests.model`, which takes minutes.
LARGE = (
    Case("two steps, two crashes and a freeze", Engine(TWO, Luck(crashes=2, freezes=1))),
    Case("a chain, everything", Engine(CHAIN, Luck(crashes=1, freezes=1, losses=1, flushes=1))),
    Case("a fork, a crash", Engine(_FORK, Luck(crashes=1))),
    Case("a fork, a freeze and a flush", Engine(_FORK, Luck(freezes=1, flushes=1))),
    Case("a book, a crash", Engine(_BOOK, Luck(crashes=1))),
    Case("a book, a freeze and a lost message", Engine(_BOOK, Luck(freezes=1, losses=1))),
    Case("three senders, a crash and a freeze", Letters("a", "crash", "freeze", agents=3)),
    Case("two replays and a lost PDF, a crash", Letters("ab", "replay", "replay", "loss", "crash")),
    Case(
        "a correction and a replay, a crash and a freeze", Letters("a", "correction", "replay", "crash", "freeze")
    ),
    Case(
        "a correction and all kinds of refunds", Letters("a", "correction", "refund", "withdrawal", "given back")
    ),
    Case("a refund that bounces, a crash", Letters("a", "refund", "bounced", "crash")),
    Case("a dispute and a withdrawal, a crash", Letters("a", "disputed", "won", "withdrawal", "crash")),
    Case("an order whose refund bounces, a crash", Beginnings("a", "paid", "given back", "bounced", "crash")),
    Case(
        "an order whose refund bounces, three processes",
        Beginnings("a", "paid", "given back", "bounced", plans=ONE_STEP, agents=3),
    ),
)
