"""The client of the LLM, built in one place: the openai package, and the limiter before it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

import httpx2
import msgspec
import openai
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from infra.llm.answer import AccountIsRefused, Answer, Request, estimated_tokens
from infra.llm.answer import Outcome as AnswerOutcome
from infra.llm.bodies import MAX_BODY_BYTES, PLAIN, BodyCannotBeRead, BodyIsTooLong, bound_body
from infra.llm.failures import translated, unknown_parameter
from infra.llm.limiter.limiter import Limiter
from infra.llm.limiter.types import Limits, Outcome, Reservation, Terms
from infra.llm.prices import read_prices
from infra.llm.rate_headers import read_rate_headers
from infra.llm.reading import read_answer, unread_answer
from infra.logs import log
from infra.settings import Settings

if TYPE_CHECKING:
    from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

#: Parameters without which a request is still ours: a compatible server may not know them.
_SPARE = frozenset({"reasoning", "prompt_cache_key", "metadata", "store"})


class Llm:
    """Writes sections. One request a call: the SDK's own retries would be purchases without a record."""

    def __init__(self, settings: Settings) -> None:
        limits = Limits(settings.llm_requests_per_minute, settings.llm_tokens_per_minute)
        self.model = settings.openai_model
        self.prices = read_prices(settings.llm_prices_file)
        #: The parameters that this provider does not take, as it said.
        self.refused = set[str]()
        # A provider's limits are a model's: each is counted by itself.
        self.limiter = Limiter(settings.redis_url, self.model, Terms(limits, settings.llm_timeout_s))
        self.client = AsyncOpenAI(
            api_key=settings.openai_api_key,
            base_url=settings.openai_base_url,
            timeout=settings.llm_timeout_s,
            max_retries=0,
            default_headers=PLAIN,
            http_client=DefaultAsyncHttpxClient(event_hooks={"response": [bound_body]}),
        )

    @property
    def host(self) -> str:
        """Return the host of the provider's API."""
        return self.client.base_url.netloc.decode()

    async def reserve(self, request: Request, *, priority: int = 0) -> "Call":
        """Return once the limits have room for the request; to be used in a `with` block.

        Waits without limit; a caller without more patience cancels it. The longest possible answer is reserved,
        since the provider counts it when the request comes.
        """
        tokens = request.input_tokens + request.max_output_tokens
        return Call(self, request, await self.limiter.wait_for_room(tokens, priority=priority))

    async def close(self) -> None:
        """Leave the limiter, and close every connection."""
        await self.limiter.close()
        await self.client.close()


@dataclass(eq=False, repr=False)
class Call:
    """Holds room at the provider for the length of a `with` block, in which `write` may be called once.

    Room for a call that was never made is given back whole.
    """

    llm: Llm
    request: Request
    reservation: Reservation
    _outcome = Outcome("unsent")

    async def write(self, entry: str) -> Answer:
        """Make the request, which the provider sees under the ledger entry's id.

        ProviderIsBusy, ProviderRefusesUs or AccountIsRefused if it brought no answer.
        """
        self._outcome = Outcome("failed")  # which it is, too, if it is cancelled
        try:
            response = await self._post(entry)
        except openai.OpenAIError as error:
            raise self._failed(error) from error
        except BodyIsTooLong:
            return self._unread("overlong", estimated_tokens(MAX_BODY_BYTES))
        except BodyCannotBeRead:
            return self._unread("unreadable", self.request.max_output_tokens)
        headers = read_rate_headers(response.headers)
        self._outcome = Outcome("failed", headers=headers)
        answer = read_answer(response.content, self.request, self.llm.model, self.llm.prices)
        self._outcome = Outcome("answered", answer.usage.input + answer.usage.output, headers)
        return answer

    async def _post(self, entry: str) -> httpx2.Response:
        """Make the request, and again without a parameter that the provider turns out not to take."""
        while True:
            try:
                return await self.llm.client.post(
                    "/responses",
                    cast_to=httpx2.Response,
                    content=self._body(),
                    options={"headers": {"X-Client-Request-Id": entry}},
                )
            except openai.APIStatusError as error:
                name = unknown_parameter(error, _SPARE - self.llm.refused)
                if name is None:
                    raise
                self.llm.refused.add(name)
                log.warning("parameter_left_out", parameter=name, model=self.llm.model)

    def _failed(self, error: openai.OpenAIError) -> Exception:
        """Return the error as one of ours, and note what it means for the limits."""
        failure = translated(error)
        if isinstance(error, openai.APIStatusError):
            headers = read_rate_headers(error.response.headers)
            self._outcome = Outcome("refused" if error.status_code == 429 else "failed", headers=headers)
        if isinstance(failure, AccountIsRefused):
            self._outcome = Outcome("shut")
        return failure

    def _unread(self, outcome: AnswerOutcome, written: int) -> Answer:
        return unread_answer(outcome, written, self.request, self.llm.model, self.llm.prices)

    def _body(self) -> bytes:
        """Encode the request: the SDK's own method would walk through every field that a request may have."""
        body: ResponseCreateParamsNonStreaming = {
            "model": self.llm.model,
            "instructions": self.request.instructions,
            "input": self.request.input,
            "metadata": self.request.metadata,
            "prompt_cache_key": self.request.cache_key,
            "max_output_tokens": self.request.max_output_tokens,
            "store": False,
        }
        if self.request.effort is not None:
            body["reasoning"] = {"effort": cast("Any", self.request.effort)}
        return msgspec.json.encode({name: value for name, value in body.items() if name not in self.llm.refused})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.llm.limiter.settle(self.reservation, self._outcome)
