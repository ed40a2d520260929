"""Views of money: what came in, went back and was spent, by product, tenant or day, and of thin margins."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypedDict, get_args

from actors.deps.process import Deps
from actors.mail.formatting import written_amount
from actors.orders.money import LONGEST, sums_of
from actors.products.catalogue import CURRENCY
from handlers.views.orders import as_text
from infra.errors import PressroomError
from storage.records.sums import Amounts, DaySums, OrderCost

By = Literal["product", "tenant", "day"]
#: The sums of takings.
_AMOUNTS = ("orders", "paid", "tax", "refunded", "refunds_pending", "refunds_failed", "disputed", "lost")
#: The most orders that are listed.
_MOST = 50


class NoSuchSums(PressroomError):
    """Sums are asked for that there are none of."""


class MoneyView(Amounts):
    """Sums over orders paid in a time, and over the calls made in it. Amounts are in the currency's smallest unit.

    Calls are paid in US dollars, so that only sales in dollars have a cost and a margin: what was paid, less
    taxes, refunds, lost disputes and calls. Both are None elsewhere, the margin also where a price is unknown.
    """

    name: str
    calls: int
    cost_usd: float | None
    margin: int | None


class ThinView(TypedDict):
    """Order of which calls took a large part. `share` is the part that is left, in percent of the price."""

    order_id: str
    product: str | None
    tenant: str
    amount: int
    currency: str
    cost_usd: float
    share: int


class MoneySums(TypedDict):
    """Sums of some days, as of the oldest of them, and the days whose sums are not there yet."""

    rows: list[MoneyView]
    total: list[MoneyView]
    as_of: str | None
    missing: int


def sums_by_currency(amounts: Iterable[tuple[int, str]]) -> dict[str, int]:
    """Return the sums of amounts, each given with its currency."""
    sums: Counter[str] = Counter()
    for amount, currency in amounts:
        sums[currency] += amount
    return dict(sorted(sums.items()))


def written_sums(sums: Mapping[str, int]) -> str:
    """Return sums by currency in words. Empty if there are none."""
    return " and ".join(written_amount(amount, currency) for currency, amount in sums.items())


async def money_by(deps: Deps, by: str, days: int) -> MoneySums:
    """Return the sums of the last days in UTC, today's among them.

    NoSuchSums if it is not known by what, or not for so long.
    """
    if by not in get_args(By) or not 1 <= days <= LONGEST:
        raise NoSuchSums(f"Money is summed by product, tenant or day, over 1 to {LONGEST} days.")
    sums = await sums_of(deps, days)
    rows = sorted(_rows(sums, by), key=lambda row: -row["paid"])
    if by == "day":
        rows.sort(key=lambda row: row["name"], reverse=True)
    return {
        "rows": rows,
        "total": _rows(sums, None),
        "as_of": as_text(min((one["as_of"] for one in sums), default=None)),
        "missing": days - len(sums),
    }


async def thin_orders(deps: Deps, days: int, below: int) -> list[ThinView]:
    """Return orders with less than that percentage left after their calls, the thinnest first.

    They are sought among the dearest of each day.
    """
    if not 1 <= below <= 100:
        raise NoSuchSums("A margin is a percentage from 1 to 100.")
    if not 1 <= days <= LONGEST:
        raise NoSuchSums(f"Money is summed over 1 to {LONGEST} days.")
    thin = [one for one in _shares(await sums_of(deps, days)) if one["share"] < below]
    return sorted(thin, key=lambda one: one["share"])[:_MOST]


def _rows(sums: Sequence[DaySums], by: str | None) -> list[MoneyView]:
    takings: dict[tuple[str, str | None], Counter[str]] = defaultdict(Counter)
    costs: dict[str, Counter[str]] = defaultdict(Counter)
    usd: dict[str, float] = defaultdict(float)
    for day in sums:
        for taken in day["takings"]:
            key = _name(by, day["_id"], taken), taken["currency"]
            # Sums of an older version have no tax.
            takings[key].update({name: taken.get(name, 0) for name in _AMOUNTS})
        for cost in day["costs"]:
            name = _name(by, day["_id"], cost)
            costs[name].update(calls=cost["calls"], unpriced=cost["unpriced"])
            usd[name] += cost["usd"]
    keys = {*takings, *((name, CURRENCY) for name in costs)}
    return [_row(name, currency, takings[name, currency], costs[name], usd[name]) for name, currency in keys]


def _name(by: str | None, day: str, part: Mapping[str, object]) -> str:
    if by is None:
        return "in all"
    return day if by == "day" else str(part[by] or "unknown")


def _row(name: str, currency: str | None, taken: Counter[str], costs: Counter[str], usd: float) -> MoneyView:
    in_dollars = currency == CURRENCY
    left = taken["paid"] - taken["tax"] - taken["refunded"] - taken["lost"] - round(usd * 100)
    return {
        "name": name,
        "currency": currency,
        "orders": taken["orders"],
        "paid": taken["paid"],
        "tax": taken["tax"],
        "refunded": taken["refunded"],
        "refunds_pending": taken["refunds_pending"],
        "refunds_failed": taken["refunds_failed"],
        "disputed": taken["disputed"],
        "lost": taken["lost"],
        "calls": costs["calls"] if in_dollars else 0,
        "cost_usd": round(usd, 6) if in_dollars else None,
        "margin": left if in_dollars and not costs["unpriced"] else None,
    }


def _shares(sums: Iterable[DaySums]) -> Iterator[ThinView]:
    """Return the orders that were among the dearest of a day, and are priced in dollars."""
    found: dict[str, list[OrderCost]] = defaultdict(list)
    for day in sums:
        for cost in day["dearest"]:
            found[cost["order"]].append(cost)
    for order, parts in found.items():
        amount, usd = parts[0]["amount"], sum(part["usd"] for part in parts)
        if amount and parts[0]["currency"] == CURRENCY:
            yield {
                "order_id": order,
                "product": parts[0]["product"],
                "tenant": parts[0]["tenant"],
                "amount": amount,
                "currency": CURRENCY,
                "cost_usd": round(usd, 6),
                "share": round(100 - 100 * usd * 100 / amount),
            }
