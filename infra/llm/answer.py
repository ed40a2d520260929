"""Requests to the LLM and their outcomes: an answer with its usage, or a typed failure."""

from dataclasses import dataclass, field
from typing import Literal

from infra.errors import AccountTrouble, PermanentError, TransientError

Outcome = Literal["written", "refused", "truncated", "empty", "overlong", "unreadable"]

#: Characters of English to a token, by the provider's own rule of thumb; used only where it gives no count.
_CHARS_PER_TOKEN = 4
#: The most tokens that an answer may have, as it is asked for first. A section is about 1,000; the thoughts of a
#: reasoning model count too, and may be twice as many. OpenAI counts all of them against the limits when the
#: request comes (docs/decisions/0011-limiter.md), so more would waste the account's limits. After a truncated
#: answer twice as many are asked for.
MAX_OUTPUT_TOKENS = 4096
#: Tokens for the thoughts that a product asks for, beside those of the answer.
_THOUGHT_TOKENS: dict[str | None, int] = {"low": 4096, "medium": 8192, "high": 16384, "xhigh": 32768, "max": 32768}

#: The pause after an answer that failed and was charged for, in seconds: each quick try would be paid, too.
_AFTER_CHARGE_S = 10.0


@dataclass(frozen=True)
class Usage:
    """Tokens as the provider counted them; `estimated` if it did not say.

    `cached` and `cache_write` are input, too: what the provider had already read, and what it stored for later.
    """

    input: int
    cached: int
    output: int
    estimated: bool = False
    cache_write: int = 0


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
    """One section to be written. `instructions` are ours; all words of a customer's are in `input`.

    Without an `effort` the model's own is left to it.
    """

    instructions: str
    input: str
    cache_key: str
    metadata: dict[str, str] = field(default_factory=dict)
    effort: str | None = None
    #: How many times as many tokens may be written as at first.
    room: int = 1

    @property
    def max_output_tokens(self) -> int:
        """Return the most tokens that may be written, thoughts included."""
        return self.room * (MAX_OUTPUT_TOKENS + _THOUGHT_TOKENS.get(self.effort, 0))

    @property
    def input_tokens(self) -> int:
        """Return about how many tokens the request is."""
        return estimated_tokens(len(self.instructions) + len(self.input))


def estimated_tokens(characters: int) -> int:
    """Return about how many tokens so much text is."""
    return characters // _CHARS_PER_TOKEN


class ProviderIsBusy(TransientError):
    """429, 5xx, or no connection: the provider may answer later."""


class ProviderIsSilent(ProviderIsBusy):
    """The provider was not reached, or the line was cut before it said anything."""


class LimitsAreReached(ProviderIsBusy):
    """429: the provider counts more than it allows."""


class AnswerFailed(ProviderIsBusy):
    """The provider began an answer, failed, and charged for it: `usage`, at `cost_usd` (None if unknown)."""

    def __init__(self, message: str, model: str, usage: Usage, cost_usd: float | None) -> None:
        """Keep the charge. The next one is not bought at once: what spoiled this one may pass."""
        super().__init__(message, retry_after=_AFTER_CHARGE_S)
        self.model, self.usage, self.cost_usd = model, usage, cost_usd


class ProviderRefusesUs(PermanentError):
    """The provider calls the request itself wrong, and would do so again."""


class AccountIsRefused(AccountTrouble):
    """The provider answers nobody with this key.

    `may_pass` if the refusal gives no reason: providers answer so in short disruptions, too.
    """

    #: The limiter lets one call at a time try.
    again_in_s = 5.0

    def __init__(self, message: str, *, may_pass: bool) -> None:
        """Keep whether the refusal may pass by itself."""
        super().__init__(message, server="llm")
        self.may_pass = may_pass
