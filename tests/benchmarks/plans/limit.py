"""Three workers under one provider's limit: how much of it they use, and how often they are sent away."""

import httpx2

from actors.products.catalogue import PRODUCTS
from infra.local.llm.exchange import Record
from tests.benchmarks.measured import Measured, Row
from tests.benchmarks.plans.shop import FAST, Limits, Shop, opened

_CALL_S = 1.0
#: A small account's 60 requests and 30,000 tokens a minute, twenty times over. The provider charges each request
#: the 4,096 tokens that its answer may have, so it is the tokens that bind: 146 requests a minute, 2.4 a second.
_LIMITS = Limits(1_200, 600_000)
#: About 40 s of work at that rate.
_ORDERS = 24
#: Left out of the window at either end: until all workers are busy, and while they run out of work.
_RAMP_S = 5.0


def measure() -> Measured:
    """Keep the workers busy, the provider's bucket emptied first: an account that was idle may burst a while."""
    with opened("limit", *[FAST] * 3, latency_s=_CALL_S, limits=_LIMITS) as shop:
        _empty_bucket(shop)
        purchases = shop.evenly(_ORDERS, 0)
        shop.deliver(purchases)
        shop.until_all_delivered([one.order for one in purchases], 150, look_every_s=0.5)
        calls = [call for made in shop.calls([one.order for one in purchases]).values() for call in made]
    accepted = [call for call in calls if call.status == 200]
    assert len(accepted) == _ORDERS * len(PRODUCTS[FAST].sections), f"{len(accepted)} answers for {_ORDERS} orders"
    row = _row(calls, accepted)
    title = (
        f"Three workers of {FAST} under one limit of {_LIMITS.requests:,} requests and {_LIMITS.tokens:,} tokens "
        f"a minute, calls of {_CALL_S:g} s, the first and last {_RAMP_S:g} s left out"
    )
    figures = {"limit_used": row["used"], "share_429": row["answers 429"] / row["answers"]}
    return Measured(title, [row], figures)


def _empty_bucket(shop: Shop) -> None:
    """Take a minute's tokens in one request."""
    env = shop.stack.env
    wanted = {"model": env["OPENAI_MODEL"], "input": "Much.", "max_output_tokens": _LIMITS.tokens - 1}
    key = {"Authorization": f"Bearer {env['OPENAI_API_KEY']}"}
    answer = httpx2.post(
        f"{env['OPENAI_BASE_URL']}/responses", json=wanted, headers=key, timeout=30, trust_env=False
    )
    assert answer.status_code == 200, answer.text


def _row(calls: list[Record], accepted: list[Record]) -> Row:
    times = [call.started_at for call in accepted]
    began, ended = min(times) + _RAMP_S, max(times) - _RAMP_S
    taken = sum(call.charged for call in accepted if began <= call.started_at < ended)
    allowed = _LIMITS.tokens / 60 * (ended - began)
    return {
        "window s": ended - began,
        "tokens taken": taken,
        "allowed": allowed,
        "used": taken / allowed,
        "answers": len(calls),
        "answers 429": sum(call.status == 429 for call in calls),
    }
