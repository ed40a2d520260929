"""Requests to the LLM and their outcomes: an answer with its usage, or a typed failure."""

from dataclasses import dataclass, field
from typing import Literal

from infra.errors import PermanentError, TransientError

Outcome = Literal["written", "refused", "truncated", "empty", "overlong"]

#: Characters of English to a token, by the provider's own rule of thumb; used only where it gives no count.
_CHARS_PER_TOKEN = 4
#: The most tokens that an answer may have, as it is asked for first. A section is about 1,000; the thoughts of a
#: reasoning model count too, and may be twice as many. OpenAI counts all of them against the limits when the
#: request comes (docs/decisions/0011-limiter.md), so more would waste the account's limits. After a truncated
#: answer twice as many are asked for.
MAX_OUTPUT_TOKENS = 4096


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
    """One section to be written. `instructions` are ours; all words of a customer's are in `input`."""

    instructions: str
    input: str
    cache_key: str
    metadata: dict[str, str] = field(default_factory=dict)
    max_output_tokens: int = MAX_OUTPUT_TOKENS

    @property
    def input_tokens(self) -> int:
        """Return about how many tokens the request is."""
        return estimated_tokens(len(self.instructions) + len(self.input))


def estimated_tokens(characters: int) -> int:
    """Return about how many tokens so much text is."""
    return characters // _CHARS_PER_TOKEN


class ProviderIsBusy(TransientError):
    """429, 5xx, or no connection: the provider may answer later."""


class ProviderRefusesUs(PermanentError):
    """The provider calls the request itself wrong, and would do so again."""
