"""What comes of one request to the LLM: an answer with its usage, or a typed failure."""

from dataclasses import dataclass, field
from typing import Literal

from infra.errors import PermanentError, TransientError

Outcome = Literal["written", "refused", "truncated", "empty"]


@dataclass(frozen=True)
class Usage:
    """Tokens as the provider counted them; `estimated` if it did not say."""

    input: int
    cached: int
    output: int
    estimated: bool = False


@dataclass(frozen=True)
class Answer:
    """One answer that was paid for. `text` is to be used only when `outcome` is `written`."""

    outcome: Outcome
    text: str
    model: str
    usage: Usage
    cost_usd: float | None


@dataclass(frozen=True)
class Request:
    """One section to be written. `instructions` are ours; whatever a customer wrote is in `input`."""

    id: str
    instructions: str
    input: str
    cache_key: str
    metadata: dict[str, str] = field(default_factory=dict)


class ProviderIsBusy(TransientError):
    """429, 5xx, or no connection: the provider may answer later."""


class ProviderRefusesUs(PermanentError):
    """The provider calls the request itself wrong: it would do so again."""
