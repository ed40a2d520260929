"""Sums of quotes over orders and reports, and all that they depend on."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import NamedTuple

from actors.deps.process import Deps
from actors.orders.estimate import remaining_s
from actors.products.plans import changes_between
from actors.reports.replay import first_renewed, following
from infra.llm.answer import Usage
from storage.costs import mean_usages
from storage.records.bulk import OtherWords, QuoteFacts
from storage.records.plans import Plan
from storage.records.work import Report

#: The span and the number of latest calls that tell how long an answer is, and its length while there are none.
_LATELY, _LATEST, _AT_FIRST = timedelta(days=30), 2000, Usage(2000, 0, 1000)
#: The refusals that a quote names.
_NAMED = 100
#: The dead letters, or orders, that a sweep sees to in a second, at most.
_SEEN_TO_PER_S = 8.0


@dataclass(frozen=True)
class Quote:
    """Quote of replays or refunds: what is seen to, what is refused with the reasons, and its facts.

    `subjects` are the ids of dead letters, sections, reports or orders, whichever its facts say.
    """

    subjects: Sequence[str]
    refused: dict[str, str]
    facts: QuoteFacts


class _Share(NamedTuple):
    """Share of one report: the sections that are reused, the calls, and how long it takes."""

    reused: int
    calls: int
    lasts_s: float
    #: There if the report goes on in other words.
    words: OtherWords | None = None


@dataclass
class Tally:
    """Sums over orders, and all that they depend on."""

    today: bool = False
    subjects: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    reused: int = 0
    #: By product.
    calls: Counter[str] = field(default_factory=Counter)
    mails: set[tuple[str, str]] = field(default_factory=set)
    longest_s: float = 0.0
    changed: Counter[str] = field(default_factory=Counter)
    new: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)
    rewritten: int = 0
    unknown: int = 0
    #: What was paid for orders that are refunded, and what goes back, by currency.
    paid: Counter[str] = field(default_factory=Counter)
    given_back: Counter[str] = field(default_factory=Counter)
    grounds: list[str] = field(default_factory=list)
    #: Of many orders most have died of the same.
    known: dict[tuple[str, str], _Share] = field(default_factory=dict)

    def add_report(self, plan: Plan, report: Report, first: Iterable[str], dead: Iterable[str]) -> None:
        """Add those steps of a report and all that follow, but for what other dead steps keep from being made."""
        ground = f"{sorted(first)} {sorted(dead)}"
        share = self.known.get((plan["_id"], ground)) or _share(plan, first, dead)
        self.known[plan["_id"], ground] = share
        self._add_share(report, share)
        self.grounds.append(f"{report['_id']}@{report['run']} {ground}")

    def add_renewal(
        self, old: Plan, new: Plan, report: Report, first: Collection[str], undone: Collection[str]
    ) -> None:
        """Add those steps of a report, all that is not done, and all that another plan changes, in its words."""
        ground = f"{new['_id']} {sorted(first)} {sorted(undone)}"
        share = self.known.get((old["_id"], ground)) or _renewed_share(old, new, first, undone)
        self.known[old["_id"], ground] = share
        self._add_share(report, share)
        # Without what is under way: it would be another quote at each look, for a few calls less.
        self.grounds.append(f"{report['_id']}@{report['run']} {new['_id']} {sorted(first)}")

    def _add_share(self, report: Report, share: _Share) -> None:
        self.reused += share.reused
        self.calls[report["product"]] += share.calls
        self.longest_s = max(self.longest_s, share.lasts_s)
        if share.words:
            self.changed.update(share.words["changed"])
            self.new.update(share.words["new"])
            self.gone.update(share.words["gone"])
            self.rewritten += share.words["rewritten"]

    def words(self) -> OtherWords:
        """Return the difference that today's words make."""
        changed, new, gone = dict(self.changed), dict(self.new), dict(self.gone)
        return {"changed": changed, "new": new, "gone": gone, "rewritten": self.rewritten}


def _share(plan: Plan, first: Iterable[str], dead: Iterable[str]) -> _Share:
    needs = {key: step["needs"] for key, step in plan["steps"].items()}
    again = following(needs, first)
    made = again - following(needs, dead)
    writes = {key for key, step in plan["steps"].items() if step["kind"] == "write"}
    return _Share(len(writes - again), len(writes & made), remaining_s(plan, made))


def _renewed_share(old: Plan, new: Plan, first: Collection[str], undone: Collection[str]) -> _Share:
    before, after = ({key: step["needs"] for key, step in plan["steps"].items()} for plan in (old, new))
    again = following(after, first_renewed(old, new, {*first, *undone}))
    anyway = following(before, first).union(undone)
    writes = {key for key, step in new["steps"].items() if step["kind"] == "write"}
    changes = changes_between(old, new)
    words: OtherWords = {
        "changed": _named(new, changes.changed),
        "new": _named(new, changes.new),
        "gone": _named(old, changes.gone),
        "rewritten": len((writes & again & old["steps"].keys()) - anyway),
    }
    return _Share(len(writes - again), len(writes & again), remaining_s(new, again), words)


def _named(plan: Plan, keys: Collection[str]) -> dict[str, int]:
    """Return the sections among those steps, each once, by its product and its id."""
    sections = [step["section"] for key, step in plan["steps"].items() if key in keys and "section" in step]
    return {f"{plan['product']}:{section}": 1 for section in sections}


async def quoted(deps: Deps, tally: Tally, of: str = "dead letter") -> Quote:
    """Return the quote that a tally makes. `of` is what its subjects are."""
    calls, pace = tally.calls.total(), 60 / deps.settings.llm_requests_per_minute
    seconds = tally.longest_s + calls * pace + len(tally.subjects) / _SEEN_TO_PER_S
    mails = Counter(kind for _, kind in tally.mails)
    grounds = [tally.subjects, sorted(tally.refused.items()), sorted(tally.grounds), sorted(tally.mails)]
    named = list(tally.refused.items())[:_NAMED]
    facts: QuoteFacts = {
        "letters": len(tally.subjects),
        "of": of,
        "refused": len(tally.refused),
        "refusals": [{"letter": letter, "why": why} for letter, why in named],
        "reused": tally.reused,
        "calls": calls,
        "usd": await likely_usd(deps, tally.calls),
        "mails": dict(sorted(mails.items())),
        "minutes": ceil(seconds / 60),
        "unknown": tally.unknown,
        "fingerprint": hashlib.sha256(json.dumps(grounds).encode()).hexdigest()[:32],
    }
    if tally.today:
        facts["words"] = tally.words()
    if of == "order":
        facts["paid"], facts["given_back"] = dict(tally.paid), dict(tally.given_back)
    return Quote(tally.subjects, tally.refused, facts)


async def likely_usd(deps: Deps, calls: Counter[str]) -> float | None:
    """Return what so many calls of some products are likely to cost in US dollars. None if no price is known.

    Their answers are as long as the latest, and paid at list price.
    """
    if not calls.total():
        return 0.0
    price = deps.prices.of(deps.settings.openai_model)
    if price is None:
        return None
    means = await mean_usages(deps.db, deps.clock.now() - _LATELY, _LATEST)

    def each(product: str) -> float:
        mean = means.get(product)
        return price.cost_usd(Usage(mean["input"], mean["cached"], mean["output"]) if mean else _AT_FIRST)

    return round(sum(count * each(product) for product, count in calls.items()), 4)
