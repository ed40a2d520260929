"""Trial of the model: calls of a few tokens show whether the provider takes key, model, effort and parameters."""

import asyncio
import secrets
from collections.abc import Iterable
from typing import NamedTuple

from infra.llm.answer import Request
from infra.llm.client import Llm
from infra.settings import Settings

_LABELS = ("order", "product", "section")
#: The least that the API lets a request ask for.
_LEAST_TOKENS = 16


class Trial(NamedTuple):
    """Outcome of a trial: its cost, if the price is known, and the parameters that the provider does not know."""

    cost_usd: float | None
    left_out: tuple[str, ...]


class _SmallRequest(Request):
    @property
    def max_output_tokens(self) -> int:
        return _LEAST_TOKENS


async def try_model(settings: Settings, efforts: Iterable[str | None]) -> Trial:
    """Call the model once for each effort, within the limits that all workers share.

    Errors as of `Call.write`. An answer that is cut off, as most of these are, was taken and paid for.
    """
    llm = Llm(settings)
    try:
        costs = await asyncio.gather(*(_call(llm, effort) for effort in efforts))
    finally:
        await llm.close()
    known = [cost for cost in costs if cost is not None]
    return Trial(sum(known) if len(known) == len(costs) else None, tuple(sorted(llm.refused)))


async def _call(llm: Llm, effort: str | None) -> float | None:
    name = f"doctor-{secrets.token_hex(8)}"
    metadata = dict.fromkeys(_LABELS, name)
    request = _SmallRequest("Answer with one word.", "Are you there?", name, metadata, effort)
    async with await llm.reserve(request) as call:
        return (await call.write(name)).cost_usd
