"""Gathers the evidence about all orders of some time, page by page, and has it judged."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from itertools import chain
from operator import itemgetter
from typing import NamedTuple, TypeVar

from actors.audit.endings import SLACK
from actors.audit.evidence import Evidence, Refunded, Violation
from actors.audit.files import Files
from actors.audit.judge import judge
from actors.deps.process import Deps
from actors.intake.reconcile import Records, reconcile
from infra.errors import PermanentError, TransientError
from storage.alerts import alerts_about, settled_alerts_about
from storage.deliveries import deliveries_about
from storage.events import unapplied_events
from storage.grouping import grouped, ids_of
from storage.ledger import entries_of
from storage.orders import orders_placed
from storage.records.orders import Order
from storage.reports import reports_of
from storage.steps import outlines_of

Answer = TypeVar("Answer")

#: A page of bundles is some 6,000 steps and as many purchases.
_PAGE = 25
#: An audit ends after so many: nobody reads more.
_MOST = 1000
_MOST_EVENTS = 100

#: Told of the number of orders that were judged.
Progress = Callable[[int], None]


class Findings(NamedTuple):
    """Outcome of an audit. `unjudged` names the parts that could not be looked at, each with the reason."""

    orders: int
    violations: list[Violation]
    unjudged: list[str]


class Auditor:
    """Auditor of one installation. It changes nothing, and may run at any time, beside all processes."""

    def __init__(self, deps: Deps, till: Records | None, *, open_files: bool = False) -> None:
        """Take the records of Stripe, None if it is not to be asked. With `open_files` each PDF is fetched."""
        self._deps, self._till = deps, till
        self._files = Files(deps.objects, opened=open_files)
        self._till_trouble: str | None = None

    async def audit(self, since: datetime, until: datetime, progress: Progress) -> Findings:
        """Judge the orders that were placed in [since, until], and the payments since then that have none.

        It ends after a thousand violations. TransientError if MongoDB does not answer.
        """
        violations = [*await self._lost_payments(since), *await self._left_events()]
        looked = 0
        async for page in self._pages(since, until):
            found, now = await self.evidence(page), self._deps.clock.now()
            violations += chain.from_iterable(judge(one, now) for one in found)
            progress(looked := looked + len(page))
            if len(violations) >= _MOST:
                break
        troubles = {"Stripe": self._till_trouble, "S3": self._files.trouble}
        unjudged = [f"{server}: {trouble}" for server, trouble in troubles.items() if trouble]
        if len(violations) >= _MOST:
            unjudged.append(f"All but {looked} orders: there are {_MOST} violations by then.")
        return Findings(looked, violations[:_MOST], unjudged)

    async def evidence(self, orders: Sequence[Order]) -> list[Evidence]:
        """Return all that is known of some orders."""
        db, ids = self._deps.db, ids_of(orders)
        own, opened = itemgetter("order"), await reports_of(self._deps.db, orders)
        reports = grouped(opened, own)
        steps = grouped(await outlines_of(db, ids_of(opened)), own)
        purchases = grouped(await entries_of(db, ids), own)
        deliveries = grouped(await deliveries_about(db, ids), own)
        alerts = grouped([*await alerts_about(db, ids), *await settled_alerts_about(db, ids)], own)
        files = await self._files.conditions([pdf for one in opened if (pdf := one["pdf"]) is not None])

        async def known(order: Order) -> Evidence:
            key = order["_id"]
            return Evidence(
                order,
                reports=reports.get(key, []),
                steps=steps.get(key, []),
                purchases=purchases.get(key, []),
                deliveries=deliveries.get(key, []),
                alerts=alerts.get(key, []),
                files=files,
                charge=await self._charge(order),
            )

        return [await known(order) for order in orders]

    async def _pages(self, since: datetime, until: datetime) -> AsyncIterator[list[Order]]:
        """Yield the orders, the newest first. Many may have been placed at one moment."""
        seen: list[str] = []
        while page := await orders_placed(self._deps.db, since, until, seen, _PAGE):
            yield page
            last = page[-1]["placed_at"]
            seen = [order["_id"] for order in page if order["placed_at"] == last] + (seen if last == until else [])
            until = last

    async def _charge(self, order: Order) -> Refunded | None:
        """Return what Stripe says of the money of an order that ends with a refund. None of all others."""
        if order["letter"] != "refund" or order["payment_intent"] is None or self._till is None:
            return None
        charge = await self._asked(self._till.charge(order["payment_intent"]))
        return Refunded(charge["amount"], charge["amount_refunded"]) if charge else None

    async def _lost_payments(self, since: datetime) -> list[Violation]:
        """Return what Stripe knows of payments and this installation does not."""
        if self._till is None:
            return []
        found = await self._asked(reconcile(self._deps, self._till, since, dry_run=True))
        return [Violation(one.about, "lost", f"Stripe has a {one.type} that is not here.") for one in found or ()]

    async def _asked(self, answer: Awaitable[Answer]) -> Answer | None:
        """Return what Stripe says. It is asked no more if it is away, or its key may not list sessions."""
        try:
            return await answer
        except (TransientError, PermanentError) as error:
            self._till, self._till_trouble = None, str(error)
            return None

    async def _left_events(self) -> list[Violation]:
        """Return the events that should have been applied long ago."""
        left = await unapplied_events(self._deps.db, self._deps.clock.now() - SLACK, _MOST_EVENTS)
        text = "An event of Stripe's was taken, and is not applied."
        return [Violation(next(iter(event["about"]), event["_id"]), "silent", text) for event in left]
