"""Stories: what is bought in a run, and what its customer, Stripe and operators do meanwhile."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

from actors.deps.process import Deps
from actors.intake.events import Event
from actors.orders.customers.withdrawal import withdraw
from actors.orders.operators.correction import correct_order
from actors.orders.operators.privacy import begin_forgetting
from actors.orders.operators.refund import begin_refund
from actors.orders.operators.requests import set_aside
from actors.products.catalogue import OFFERS
from actors.reports.replay import replay
from infra.errors import PressroomError, TransientError
from storage.audit import Authority
from storage.orders import named_order
from tests.actors.builders import event
from tests.simulation.machines import Machine
from tests.simulation.products import BOTH, PRICES
from tests.simulation.world import World

ORDER = "cs_simulated"
INTENT = "pi_simulated"
_OPERATOR = Authority("operator", "simulated")
#: The seconds for which a server that hangs is waited for.
_PATIENCE_S = 4.0
_OFFERS = ("fork", "fork", "pair", BOTH)
#: What befalls an order, by how often it does.
_BEFALLS = {
    "corrected": 3,
    "withdrawn": 3,
    "nothing": 24,
    "repeated": 5,
    "refunded": 5,
    "asked back": 10,
    "disputed": 5,
    "replayed": 15,
    "forgotten": 5,
}
#: The seconds into a run at which it does: while the order is made, as a rule.
_WITHIN_S = 0.6
#: The seconds after which an order that no fault holds up is delivered, as a rule.
_TO_BE_DELIVERED_S = 12.0


class Story(NamedTuple):
    """An order of an offer, and what befalls it at that second."""

    offer: str
    befalls: str
    at: float

    @property
    def products(self) -> tuple[str, ...]:
        """The products of its reports."""
        return OFFERS[self.offer].reports


def story_of(seed: int) -> Story:
    """Return the story of a seed."""
    rng = random.Random(f"story {seed}")
    befalls = rng.choices(list(_BEFALLS), list(_BEFALLS.values()))[0]
    return Story(rng.choice(_OFFERS), befalls, round(rng.uniform(0.0, _WITHIN_S), 3))


def _said(kind: str, number: int, shown: dict[str, Any]) -> Event:
    body = json.loads(event(ORDER))
    if kind == "checkout.session.completed":
        shown = {**body["data"]["object"], **shown}
    body |= {"id": f"evt_{number}", "type": kind, "data": {"object": {**shown, "payment_intent": INTENT}}}
    return Event(body["id"], kind, json.dumps(body).encode(), body)


def _paid(story: Story) -> Event:
    answers = {"name": "Ada", "question": "Whither?"}
    bought = {"amount_subtotal": PRICES[story.offer], "metadata": {"product": story.offer, **answers}}
    return _said("checkout.session.completed", 1, bought)


async def tell(world: World, story: Story) -> None:
    """Let the story happen. Returns once everybody has done their part."""
    buying = asyncio.ensure_future(_deliver(world, _paid(story)))
    await asyncio.sleep(story.at)
    await _TOLD[story.befalls](world, story)
    await buying


async def _deliver(world: World, said: Event) -> None:
    """Send an event until the webhook takes it, as Stripe does."""
    while not await _asked(world.web, lambda: world.inbox.take(said)):
        pass


async def _asked(machine: Machine, ask: Callable[[], Awaitable[object]]) -> bool:
    """Have a process do something. False if it failed, died, or took too long."""

    async def answer() -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await ask()
        except (TransientError, TimeoutError):
            return False
        return True

    answered = machine.run(answer())
    await asyncio.wait({answered}, timeout=_PATIENCE_S + 1.0)
    done = answered.done() and answered.result()
    if not done:
        await asyncio.sleep(_PATIENCE_S)
    return bool(done)


async def _operate(world: World, act: Callable[[Deps], Awaitable[object]]) -> bool:
    """Do what an operator does, again if it failed. False if it is refused, which is an answer, too."""
    refusals: list[str] = []

    async def heard() -> None:
        try:
            await act(world.desk)
        except TransientError:
            raise
        except PressroomError as error:
            refusals.append(str(error))

    while not await _asked(world.web, heard):
        pass
    return not refusals


async def _nothing(world: World, story: Story) -> None:
    del world, story


async def _repeated(world: World, story: Story) -> None:
    await _deliver(world, _paid(story))


async def _refunded(world: World, story: Story) -> None:
    """Give the money back on Stripe's own pages."""
    price = PRICES[story.offer]
    await _deliver(world, _said("charge.refunded", 2, {"id": "ch_1", "amount": price, "amount_refunded": price}))


async def _asked_back(world: World, story: Story) -> None:
    del story
    await _operate(world, lambda deps: begin_refund(deps, ORDER, _OPERATOR))


async def _disputed(world: World, story: Story) -> None:
    """Dispute the payment, and let the dispute be won."""
    del story
    dispute = {"id": "dp_1", "status": "needs_response"}
    await _deliver(world, _said("charge.dispute.created", 2, dispute))
    await asyncio.sleep(2.0)
    await _deliver(world, _said("charge.dispute.closed", 3, {**dispute, "status": "won"}))


async def _replayed(world: World, story: Story) -> None:
    """Have the first section written again, and what follows from it, once the report is begun."""
    first = OFFERS[story.offer].products[0]
    step = f"{ORDER}:{first.name}:write-{first.sections[0].id}"
    for _ in range(5):
        if await _operate(world, lambda deps: replay(deps, ORDER, first.name, [step])):
            return
        await asyncio.sleep(0.05)


async def _forgotten(world: World, story: Story) -> None:
    """Ask for it while the order is made, which is refused, and again later."""
    del story
    for _ in range(2):
        await _operate(world, lambda deps: begin_forgetting(deps, ORDER, _OPERATOR))
        await asyncio.sleep(1.0)


async def _corrected(world: World, story: Story) -> None:
    """Correct an answer while the order is made, and once more when it may have been delivered."""
    del story
    for question in ("Whence?", "How long?"):
        await _operate(
            world, partial(correct_order, order_id=ORDER, given={"question": question}, authority=_OPERATOR)
        )
        await asyncio.sleep(_TO_BE_DELIVERED_S)


async def _withdrawn(world: World, story: Story) -> None:
    """Withdraw before a report is made, or after. An operator who has to see to it lets the order go on."""
    await asyncio.sleep(story.at * _TO_BE_DELIVERED_S)
    for _ in range(5):
        if await _operate(world, _withdraw):
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(2.0)
    await _operate(world, lambda deps: set_aside(deps, ORDER, _OPERATOR, "withdrawal"))


async def _withdraw(deps: Deps) -> None:
    """Look at the order anew if it changes meanwhile, as its page asks for."""
    order = await named_order(deps.db, ORDER)
    while "withdrawn_at" not in order and not await withdraw(deps, order):
        order = await named_order(deps.db, ORDER)


_TOLD: dict[str, Callable[[World, Story], Awaitable[None]]] = {
    "nothing": _nothing,
    "corrected": _corrected,
    "withdrawn": _withdrawn,
    "repeated": _repeated,
    "refunded": _refunded,
    "asked back": _asked_back,
    "disputed": _disputed,
    "replayed": _replayed,
    "forgotten": _forgotten,
}
