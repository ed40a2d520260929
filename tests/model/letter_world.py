"""World of an order's end: its documents, processes at work, the mails that were taken, and what is to come."""

from typing import Any, NamedTuple

from tests.model import letter_rules as rules
from tests.model.letter_rules import Delivery, Facts, State
from tests.model.rules import RuleForbids

#: Places of an agent from which on it is too late to think better of a letter.
TOO_LATE = {"at the final dot", "told that it is taken"}
#: Those at which a letter is an agent's.
HOLDING = {"claimed", "sending"} | TOO_LATE


class Report(NamedTuple):
    """A report: its run, whether that is made, and whether its order was told of it."""

    run: int = 1
    made: bool = False
    told: bool = True


class Payment(NamedTuple):
    """Facts of Stripe's, as they are written down."""

    version: int = 0
    refunded: int = 0
    failed: int = 0
    #: 1 if it is, 2 if it was.
    disputed: int = 0

    @property
    def facts(self) -> Facts:
        """What follows for the order."""
        return Facts(self.refunded > self.failed, self.disputed == 1, self.failed > 0)


class Agent(NamedTuple):
    """Process at work: where it is, with which letter, report or event, and what it has seen.

    `number` is an epoch, a run or a version, `corrections` how many its order had.
    """

    at: str = "idle"
    name: str = ""
    number: int = 0
    corrections: int = 0
    seen: tuple[Any, ...] = ()
    frozen: bool = False
    #: Its letter's time is over.
    late: bool = False


class World(NamedTuple):
    """Everything."""

    state: State
    payment: Payment
    reports: tuple[tuple[str, Report], ...]
    agents: tuple[Agent, ...]
    #: Faults and requests to come, and events of Stripe's that are not applied.
    luck: tuple[str, ...]
    events: frozenset[str] = frozenset()
    #: Those that the server took, in that order, and those of which their senders may not know.
    mails: tuple[str, ...] = ()
    excused: tuple[str, ...] = ()
    #: Errands with a dead letter: their mails were refused.
    dead: frozenset[str] = frozenset()
    #: Stripe was asked for the money; it went back.
    asked: bool = False
    paid_back: bool = False
    #: The reports that say what they are to say.
    written: frozenset[str] = frozenset()

    def having(self, number: int, agent: Agent) -> "World":
        """Return the world with another agent in the place of one. They differ by what they do alone."""
        return self._replace(agents=tuple(sorted((*self.agents[:number], *self.agents[number + 1 :], agent))))

    def spending(self, what: str) -> "World":
        """Return the world in which that has befallen."""
        at = self.luck.index(what)
        return self._replace(luck=(*self.luck[:at], *self.luck[at + 1 :]))

    def excusing(self, letter: str) -> "World":
        """Return the world in which a letter may come once more, since its sender may not know its fate."""
        return self._replace(excused=tuple(sorted((*self.excused, letter))))

    def reporting(self, product: str, report: Report) -> "World":
        """Return the world in which a report stands so."""
        return self._replace(reports=tuple(sorted({**dict(self.reports), product: report}.items())))

    def late(self, letter: str) -> "World":
        """Return the world in which those who still believe that they send a letter are too late."""
        sending = (one.at == "sending" and is_of(one, letter, self.state.letter(letter)) for one in self.agents)
        pairs = zip(self.agents, sending, strict=True)
        return self._replace(agents=tuple(one._replace(late=one.late or sends) for one, sends in pairs))


def is_of(agent: Agent, name: str, letter: Delivery) -> bool:
    """Return whether an agent has a letter in hand."""
    return agent.at in HOLDING and (agent.name, agent.number) == (name, letter.epoch)


class Rules:
    """Rules by their names, some of them in the place of the right ones."""

    def __init__(self, **other: rules.Rule) -> None:
        """Take the wrong ones."""
        self._other = other

    def do(self, world: World, name: str, *given: Any) -> World | None:
        """Return the world after an update. None if its filter does not match."""
        rule: rules.Rule = self._other.get(name) or getattr(rules, name)
        try:
            return world._replace(state=rule(world.state, *given))
        except RuleForbids:
            return None

    def try_to(self, world: World, name: str, *given: Any) -> World:
        """Return the world after an update whose caller does not ask whether its filter matched."""
        return self.do(world, name, *given) or world
