"""Replays as they were quoted: of dead letters, or of an order from a section on."""

from actors.deps.process import Deps
from actors.orders.dead_letters import MOST_OPEN, OrderDoesNotExist, resolve_dead_letter
from actors.orders.quote import Quote, quote_dead, quote_section
from actors.reports.replay import following, replay
from infra.errors import PressroomError
from storage.audit import Authority, record_action
from storage.dead_letters import dead_letters, open_letters_of
from storage.orders import find_order
from storage.records.orders import Order
from storage.steps import steps_of


class QuoteHasChanged(PressroomError):
    """What the quote was made of has changed since. Nothing was done."""


class NothingToReplay(PressroomError):
    """All of it is refused."""


async def quote_order(deps: Deps, order_id: str, product: str | None = None, section: str | None = None) -> Quote:
    """Return the quote for an order's dead work, or for one section and all that follows from it.

    OrderDoesNotExist if there is none.
    """
    order = await _found(deps, order_id)
    if section is None:
        return await quote_dead(deps, await open_letters_of(deps.db, order_id, MOST_OPEN))
    return await quote_section(deps, order, product or order["product"] or "", section)


async def replay_letter(deps: Deps, letter: str, fingerprint: str, authority: Authority) -> None:
    """Replay a dead letter as quoted. QuoteHasChanged or NothingToReplay if that cannot be."""
    await _replay_all(deps, await quote_dead(deps, [letter]), fingerprint, authority)


async def replay_order(
    deps: Deps,
    order_id: str,
    fingerprint: str,
    authority: Authority,
    product: str | None = None,
    section: str | None = None,
) -> Quote:
    """Replay an order's dead work, or a section and all that follows from it, as quoted.

    Returns the quote. OrderDoesNotExist, QuoteHasChanged or NothingToReplay if that cannot be.
    """
    quote = await quote_order(deps, order_id, product, section)
    if section is None:
        await _replay_all(deps, quote, fingerprint, authority)
    else:
        expect_same(quote, fingerprint)
        await _replay_section(deps, order_id, quote.letters[0], authority)
    return quote


def expect_same(quote: Quote, fingerprint: str) -> None:
    """Return if a quote is still the one of that fingerprint, and something is left to be done."""
    if quote.facts["fingerprint"] != fingerprint:
        raise QuoteHasChanged("This has changed while you looked at it. Nothing was done; the quote is a new one.")
    if not quote.letters:
        why = next(iter(quote.refused.values()), "Nothing of it is dead.")
        raise NothingToReplay(f"There is nothing to replay. {why}")


async def _found(deps: Deps, order_id: str) -> Order:
    order = await find_order(deps.db, order_id)
    if order is None:
        raise OrderDoesNotExist(f"There is no order {order_id}.")
    return order


async def _replay_all(deps: Deps, quote: Quote, fingerprint: str, authority: Authority) -> None:
    expect_same(quote, fingerprint)
    for letter in quote.letters:
        await resolve_dead_letter(deps, letter, "replayed", authority)


async def _replay_section(deps: Deps, order_id: str, first: str, authority: Authority) -> None:
    """Make a step and what follows from it again, and close the dead letters of all these."""
    report = first.rpartition(":")[0]
    steps = await steps_of(deps.db, report)
    again = following({step["_id"]: step["needs"] for step in steps}, [first])
    await record_action(deps.db, authority, "replayed", order_id, f"{first} and what follows", deps.clock.now())
    await replay(deps, order_id, report.rpartition(":")[2], [first])
    for letter in await dead_letters(deps.db, limit=MOST_OPEN, order=order_id, state="open"):
        if letter["step"] in again:
            await resolve_dead_letter(deps, letter["_id"], "replayed", authority)
