"""Judges one order by all that is known of it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain

from actors.audit.books import judge_books, judge_mail
from actors.audit.endings import judge_alerts, judge_ending, judge_money
from actors.audit.evidence import Evidence, Violation
from actors.audit.purchases import judge_purchases

Rule = Callable[[Evidence, datetime], Iterator[Violation]]

_RULES: tuple[Rule, ...] = (judge_ending, judge_alerts, judge_money, judge_mail, judge_books, judge_purchases)


def judge(found: Evidence, now: datetime) -> list[Violation]:
    """Return the violations that the evidence about an order shows at that moment."""
    return list(chain.from_iterable(rule(found, now) for rule in _RULES))
