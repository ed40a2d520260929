"""A mailer that keeps the letters given to it, and an order that it delivered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.errands.registry import run_errand
from infra.mail.errors import LetterIsRefused, MailServerIsAway, MailServerIsBusy
from infra.mail.letter import Letter, as_message
from storage.endings import add_stored
from storage.records.orders import Order
from storage.reports import report_id, store_report
from tests.actors.builders import ORDER, place, present, working
from tests.builders import a_pdf

LONG: dict[str, Any] = {
    "metadata": {
        "product": "personal_horoscope",
        "name": "Ada",
        "birth_date": "1988-04-17",
        "birth_place": "Rome",
    },
    "amount_subtotal": 9900,
}


@dataclass
class Mailer:
    """Mailer that takes every letter that can be sent, but for those to `refused`.

    It takes none while it is `busy`, or `away`.
    """

    letters: list[Letter] = field(default_factory=list)
    refused: str = ""
    busy: bool = False
    away: bool = False

    def send(self, letter: Letter, seconds_left: Callable[[], float]) -> str:
        """Take the letter."""
        assert seconds_left() > 0
        as_message(letter)
        if self.away:
            raise MailServerIsAway("The mail server was not reached.")
        if self.busy:
            raise MailServerIsBusy("The mail server answered 451 later")
        if letter.recipient == self.refused:
            raise LetterIsRefused(f"The mail server answered 550 no {self.refused} here", code="550")
        self.letters.append(letter)
        return "250 OK"

    @property
    def kinds(self) -> list[str]:
        """Return the kinds of the letters that it took, the first one first."""
        return [letter.kind for letter in self.letters]


class Broken(Mailer):
    """Mailer that has a bug."""

    def send(self, letter: Letter, seconds_left: Callable[[], float]) -> str:
        """Fail."""
        raise KeyError(letter.kind, seconds_left())


async def stored(deps: Deps, **facts: Any) -> Order:
    """Place the order of such a session, and record its reports as stored. Returns it."""
    order = await place(deps, **facts)
    for product in order["products"]:
        await store_report(deps.db, report_id(ORDER, product), 1, a_pdf(), deps.clock.now())
        await add_stored(deps.db, ORDER, product, 1, deps.clock.now())
    return await present(deps)


async def delivered(deps: Deps, mailer: Mailer) -> tuple[WorkDeps, Order]:
    """Return a mail worker, and an order that it has just delivered."""
    await stored(deps)
    worker = working(deps, mailer)
    await run_errand(worker, "complete_order", ORDER)
    return worker, await present(deps)
