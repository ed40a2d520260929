"""Facts about the model from the provider's models endpoint: whether it is there, and its last day.

OpenAI announces last days there. Compatible servers may have no such endpoint, and then say nothing.
"""

from contextlib import suppress
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx2
import msgspec

from infra.errors import TransientError
from infra.foreign_json import member
from infra.llm.bodies import PLAIN, BodyCannotBeRead, BodyIsTooLong, bound_body
from infra.settings import Settings

_OPENAI = "https://api.openai.com/v1"
_TIMEOUT_S = 5.0
_LAST_DAYS = ("shutdown_date", "deprecation_date")
#: The days before a model's last one on which an operator hears of it: time to try another, and time to change.
WARN_DAYS = (60, 14)


class Model(NamedTuple):
    """Answer about a model: `problem` says in words why it cannot be used, `last_day` when it ends, if known."""

    problem: str | None = None
    last_day: date | None = None

    def warning(self, today: date) -> int | None:
        """Return the least of WARN_DAYS that are left, or None while there are more."""
        if self.last_day is None:
            return None
        left = (self.last_day - today).days
        return min((days for days in WARN_DAYS if left <= days), default=None)


async def describe_model(settings: Settings) -> Model:
    """Ask for the model that the settings name. TransientError if the provider is not reached."""
    url = f"{(settings.openai_base_url or _OPENAI).rstrip('/')}/models/{quote(settings.openai_model, safe='')}"
    headers = {**PLAIN, "Authorization": f"Bearer {settings.openai_api_key}"}
    hooks = {"response": [bound_body]}
    try:
        async with httpx2.AsyncClient(timeout=_TIMEOUT_S, event_hooks=hooks) as client:
            answer = await client.get(url, headers=headers)
    except (BodyIsTooLong, BodyCannotBeRead):
        return Model()
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise TransientError(f"The LLM provider was not reached: {type(error).__name__}.") from error
    return _model(answer, settings.openai_model)


def _model(answer: httpx2.Response, name: str) -> Model:
    facts: Any = None
    with suppress(msgspec.MsgspecError, RecursionError):
        facts = msgspec.json.decode(answer.content)
    if answer.status_code == 401:
        return Model("OPENAI_API_KEY is wrong or revoked")
    if member(facts, "error", "code") == "model_not_found":
        return Model(f"the provider has no model {name}")
    days = (_day(member(facts, field)) for field in _LAST_DAYS)
    return Model(last_day=next((day for day in days if day), None))


def _day(told: object) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(told[:10]) if isinstance(told, str) else None
    return None
