"""Ends of orders by the rules of letters: processes, and all that befalls them, one write at a time.

Any process may do any work, and between two of its moves all others may move. So slowness is no fault: only where
the time of a letter runs out meanwhile, its sender must have frozen.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.model import letter_rules
from tests.model.explore import Move
from tests.model.letter_rules import Order, State
from tests.model.letter_work import FAULT, works
from tests.model.letter_world import HOLDING, TOO_LATE, Agent, Payment, Report, Rules, World, is_of
from tests.model.rules import allow


class Letters:
    """The end of an order. It has reports of some products, a letter each, and some things befall it.

    `other` are rules in the place of the right ones.
    """

    def __init__(self, products: str, *luck: str, agents: int = 2, **other: letter_rules.Rule) -> None:
        """Begin with reports that are still to be made."""
        order = Order(tuple((product, 1) for product in products))
        reports = tuple((product, Report()) for product in products)
        self.first = World(State(order), Payment(), reports, (Agent(),) * agents, tuple(sorted(luck)))
        self._rules = Rules(**other)

    def moves(self, world: World) -> Iterator[Move[World]]:
        """Yield every move that may come next."""
        for moves in (self._moves_of_agents, self._moves_of_time, self._moves_of_people, self._moves_of_stripe):
            for move in moves(world):
                _look_at(world.state, move.world.state)
                yield move

    def _moves_of_agents(self, world: World) -> Iterator[Move[World]]:
        for number, agent in enumerate(world.agents):
            if agent.frozen:
                yield Move(f"{number} wakes", world.having(number, agent._replace(frozen=False)))
                continue
            for what, after, then in works(self._rules, world, agent):
                yield Move(f"{number} {what}", after.having(number, then), what.startswith(FAULT))
            yield from self._faults(world, number, agent)

    def _faults(self, world: World, number: int, agent: Agent) -> Iterator[Move[World]]:
        if agent.at != "idle" and "crash" in world.luck:
            dead = world.spending("crash").having(number, Agent())
            is_taken = agent.at == "told that it is taken"
            yield Move(
                f"{number} dies, {agent.at}", dead.excusing(agent.name) if is_taken else dead, is_fault=True
            )
        if agent.at in HOLDING and "freeze" in world.luck:
            still = world.spending("freeze").having(number, agent._replace(frozen=True))
            still = still.excusing(agent.name) if agent.at in TOO_LATE else still
            yield Move(f"{number} freezes, {agent.at}", still, is_fault=True)

    def _moves_of_time(self, world: World) -> Iterator[Move[World]]:
        """Yield what comes by itself: reports are made, a gift's day comes, a letter's time is over."""
        wanted = {**dict(world.state.order.runs), **dict(world.state.order.intent)}
        for product, report in world.reports:
            if not report.made:
                right = {product} if report.run == wanted[product] else set()
                made = world._replace(written=world.written | right)
                yield Move(
                    f"{product} is made", made.reporting(product, Report(report.run, made=True, told=False))
                )
        if "early" in world.luck:
            yield Move("the gift's day comes", world.spending("early"))
        for name, letter in world.state.letters:
            # A sender that lives has ended, or given up, long before.
            is_sent = any(is_of(agent, name, letter) and not agent.frozen for agent in world.agents)
            if letter.state in {"claimed", "sending", "waiting"} and not letter.over and not is_sent:
                yield Move(f"the time for {name} is over", self._rules.try_to(world.late(name), "pass_time", name))

    def _moves_of_people(self, world: World) -> Iterator[Move[World]]:
        order = world.state.order
        if order.asks:
            yield Move("an operator sets a withdrawal aside", self._rules.try_to(world, "set_aside"))
        for errand in sorted(world.dead):
            revived = self._rules.try_to(world._replace(dead=world.dead - {errand}), "revive")
            yield Move(f"an operator replays {errand}", self._rules.try_to(revived, "ask", errand))
        if "correction" in world.luck:
            corrected = self._rules.do(world.spending("correction"), "correct")
            if corrected is not None:
                yield Move("an answer is corrected", corrected._replace(written=frozenset()), is_fault=True)
        for product, report in world.reports:
            yield from self._replays(world, product, report)

    def _replays(self, world: World, product: str, report: Report) -> Iterator[Move[World]]:
        """Yield that a report is written again at an operator's word, or printed again since S3 has lost it."""
        run = dict(world.state.order.runs)[product] + 1
        if "replay" in world.luck:
            again = self._rules.do(world.spending("replay"), "begin_replay", product, run, (None,))
            if again is not None:
                again = again._replace(written=again.written - {product})
                yield Move(f"{product} is replayed", again, is_fault=True)
        is_there = report.run == run - 1 and report.made and not world.state.order.facts.stopped
        if "loss" in world.luck and is_there:
            letters = (None, "completion", "refund")
            again = self._rules.do(world.spending("loss"), "begin_replay", product, run, letters)
            if again is not None:
                yield Move(f"S3 loses {product}", again, is_fault=True)

    def _moves_of_stripe(self, world: World) -> Iterator[Move[World]]:
        """Yield what is done on Stripe's own pages, and by banks. A dispute ends, sooner or later."""
        may_come = {
            "given back": not world.paid_back,
            "bounced": world.paid_back,
            "disputed": True,
            "won": "disputed" not in world.luck,
        }
        for event in sorted(may_come.keys() & set(world.luck)):
            if may_come[event]:
                news = world.spending(event)._replace(events=world.events | {event})
                news = news._replace(paid_back=world.paid_back or event == "given back")
                yield Move(f"Stripe: {event}", news, is_fault=event != "won")

    def wrong_in(self, world: World) -> Iterator[str]:
        """Yield what must not be, and is."""
        order, count, excused = world.state.order, Counter(world.mails), Counter(world.excused)
        yield from (f"the {name} mail comes twice" for name in count if count[name] > 1 + excused[name])
        brought = count.keys() - {"refund"}
        # A refund on Stripe's own pages, of reports that were about to be made again, is a person's word.
        by_hand = any(order.corrections) and (order.facts.stopped or order.facts.refund_failed)
        if brought and (world.asked or (order.letter == "refund" and not by_hand)):
            yield "reports and all of the money are given"
        if world.asked and order.letter != "refund":
            yield "Stripe is asked for money before the refund is chosen"
        if brought and "early" in world.luck:
            yield "a gift is sent before its day"
        if order.letter == "completion" and world.written != dict(world.reports).keys():
            yield "a letter is chosen for reports that are still to be written"

    def is_end(self, world: World) -> bool:
        """Return whether nobody has anything left to do, and the order has its letter, or is an operator's."""
        order, facts = world.state.order, world.state.order.facts
        if world.events or any(agent.at != "idle" for agent in world.agents):
            return False
        if order.letter == "completion" and facts.stopped:  # a person gave the money back meanwhile
            return True
        if order.errands or facts != world.payment.facts:
            return False
        if order.letter == "refund":
            return facts.refund_failed or (facts.stopped and "refund" in world.mails)
        last = f"correction-{len(order.corrections)}" if any(order.corrections) else "completion"
        return order.delivered and last in world.mails


def _look_at(before: State, after: State) -> None:
    """Raise RuleForbids if what has happened must never happen."""
    old, new = before.order, after.order
    for name, letter in before.letters:
        now: Any = after.letter(name)
        allow(now.epoch >= letter.epoch, "an epoch goes back")
        allow(letter.state != "sent" or now.state == "sent", "what was sent is to be sent again")
    if old.letter != new.letter:
        allow(old.letter is None or old.corrections != new.corrections, "another letter is chosen")
        allow(new.letter != "completion" or not old.is_held_back, "a letter is chosen that is held back")
