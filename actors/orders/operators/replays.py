"""Replays as they were quoted: of dead letters, or of an order from a section on."""

from actors.deps.process import Deps
from actors.orders.attention import MOST_OPEN, close_deaths
from actors.orders.operators.dead_letters import resolve_dead_letter
from actors.orders.operators.quote import quote_dead, quote_renewal, quote_section
from actors.orders.operators.tally import Quote
from actors.reports.replay import Words, following, replay
from infra.errors import PressroomError
from storage.audit import Authority, record_action
from storage.dead_letters import open_letters_of
from storage.orders import named_order
from storage.reports import report_id
from storage.steps import steps_of


class QuoteHasChanged(PressroomError):
    """What the quote was made of has changed since. Nothing was done."""


class NothingToReplay(PressroomError):
    """All of it is refused."""


async def quote_order(
    deps: Deps, order_id: str, product: str | None = None, section: str | None = None, words: Words = "pinned"
) -> Quote:
    """Return the quote for an order's dead work, or for one section and all that follows from it.

    In today's words, without a section, it is for all begun reports of the order, or for one. OrderDoesNotExist if
    there is no such order.
    """
    order = await named_order(deps.db, order_id)
    if section is not None:
        return await quote_section(deps, order, product or order["product"] or "", section, words)
    if words == "today":
        return await quote_renewal(deps, order, product)
    return await quote_dead(deps, await open_letters_of(deps.db, order_id, MOST_OPEN))


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
    words: Words = "pinned",
) -> None:
    """Replay an order's dead work, a section and all that follows from it, or all in today's words, as quoted.

    OrderDoesNotExist, QuoteHasChanged or NothingToReplay if that cannot be.
    """
    quote = await quote_order(deps, order_id, product, section, words)
    if section is None and words == "pinned":
        await _replay_all(deps, quote, fingerprint, authority)
        return
    expect_same(quote, fingerprint)
    for part in quote.subjects:
        await _replay_part(deps, order_id, part, authority, words)


def expect_same(quote: Quote, fingerprint: str) -> None:
    """Return if a quote is still the one of that fingerprint, and something is left to be done."""
    if quote.facts["fingerprint"] != fingerprint:
        raise QuoteHasChanged("This has changed while you looked at it. Nothing was done; the quote is a new one.")
    if not quote.subjects:
        why = next(iter(quote.refused.values()), "Nothing of it is dead.")
        raise NothingToReplay(f"There is nothing to replay. {why}")


async def _replay_all(deps: Deps, quote: Quote, fingerprint: str, authority: Authority) -> None:
    expect_same(quote, fingerprint)
    for letter in quote.subjects:
        await resolve_dead_letter(deps, letter, "replayed", authority)


async def _replay_part(deps: Deps, order_id: str, part: str, authority: Authority, words: Words) -> None:
    """Make a step and what follows again, or a report in today's words, and close the dead letters of it."""
    product, _, key = part.removeprefix(f"{order_id}:").partition(":")
    steps = await steps_of(deps.db, report_id(order_id, product))
    first = [part] if key else []
    again = following({step["_id"]: step["needs"] for step in steps}, first)
    subject = f"{part} and what follows" + (", in today's words" if words == "today" else "")
    await record_action(deps.db, authority, "replayed", order_id, subject, deps.clock.now())
    if await replay(deps, order_id, product, first, words=words):
        await close_deaths(deps, order_id, product=product)
    else:
        await close_deaths(deps, order_id, steps=again)
