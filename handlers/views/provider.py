"""View of the LLM's provider: what its calls came to, and how much of its limits is used."""

from datetime import timedelta
from typing import TypedDict

from actors.deps.process import Deps
from handlers.views.orders import SumView, sum_view
from infra.llm.limiter.shared import SharedCount
from infra.llm.limiter.types import Limits, Terms
from storage.costs import Costs, costs_by_outcome
from storage.figures import alerts_of_kinds

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
#: The latest calls that are summed, and the alerts that are looked at.
_MOST_CALLS, _MOST_ALERTS = 20_000, 100
#: Outcomes of calls that were paid for, or may have been, and brought no text: another call is bought.
_WASTED = ("refused", "truncated", "empty", "overlong", "unreadable", "timeout", "cut")


class ProviderView(TypedDict):
    """Calls to the LLM in the last hour, and what is known of the model."""

    model: str
    price_known: bool
    #: The alert about its end, if there is one.
    ends: str | None
    outcomes: dict[str, int]
    #: Calls that the provider refused since its limits are reached.
    limited: int
    #: Calls that were paid for, or may have been, and brought no text.
    bought_again: int
    #: The part of the input that the provider had stored before.
    cached_share: float | None
    #: Requests and tokens of the last minute.
    minute_requests: int
    minute_tokens: int
    hour: SumView


class LimitsView(TypedDict):
    """Limits of the provider as all workers count together, and how much room was ever given."""

    requests: int
    tokens: int
    given_requests: int
    given_tokens: int
    in_the_air: int
    most_in_the_air: int
    workers_in_line: int
    pause_s: float
    account_refused: bool


async def provider_view(deps: Deps) -> ProviderView:
    """Return what the calls of the last hour came to."""
    now = deps.clock.now()
    model = deps.settings.openai_model
    hour = await costs_by_outcome(deps.db, now - _HOUR, _MOST_CALLS)
    minute = await costs_by_outcome(deps.db, now - _MINUTE, _MOST_CALLS)
    ends = await alerts_of_kinds(deps.db, ["model_ends"], _MOST_ALERTS)
    outcomes = {outcome: costs.attempts for outcome, costs in sorted(hour.items())}
    whole, last = sum(hour.values(), Costs()), sum(minute.values(), Costs())
    told = [alert["text"] for alert in ends if str(alert["event"]).startswith(f"{model}, ")]
    return {
        "model": model,
        "price_known": deps.prices.of(model) is not None,
        "ends": told[-1] if told else None,
        "outcomes": outcomes,
        "limited": outcomes.get("limited", 0),
        "bought_again": sum(outcomes.get(one, 0) for one in _WASTED),
        "cached_share": round(whole.cached_tokens / whole.input_tokens, 3) if whole.input_tokens else None,
        "minute_requests": last.attempts,
        "minute_tokens": last.input_tokens + last.output_tokens,
        "hour": sum_view(whole),
    }


async def limits_view(deps: Deps) -> LimitsView:
    """Return the limits as they are counted. SharedCountIsAway without Redis."""
    settings = deps.settings
    own = Limits(settings.llm_requests_per_minute, settings.llm_tokens_per_minute)
    count = SharedCount(settings.redis_url, settings.openai_model, Terms(own, settings.llm_timeout_s))
    try:
        counted = await count.look()
    finally:
        await count.close()
    return {
        "requests": counted.limits.requests,
        "tokens": counted.limits.tokens,
        "given_requests": counted.given.requests,
        "given_tokens": counted.given.tokens,
        "in_the_air": counted.in_the_air,
        "most_in_the_air": counted.most_in_the_air,
        "workers_in_line": counted.in_line,
        "pause_s": counted.pause_s,
        "account_refused": counted.is_shut,
    }
