"""The client of the LLM, built in one place: the openai package, and the limiter before it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import httpx2
import msgspec
import openai
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from infra.llm.answer import Answer, Request
from infra.llm.bodies import MAX_BODY_BYTES, PLAIN, BodyIsTooLong, bound_body
from infra.llm.failures import translated
from infra.llm.limiter.limiter import Limiter
from infra.llm.limiter.types import Limits, Outcome, Reservation, Terms
from infra.llm.rate_headers import read_rate_headers
from infra.llm.reading import overlong_answer, read_answer
from infra.settings import Settings

if TYPE_CHECKING:
    from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming


class Llm:
    """Writes sections. One request a call: the SDK's own retries would be purchases without a record."""

    def __init__(self, settings: Settings) -> None:
        limits = Limits(settings.llm_requests_per_minute, settings.llm_tokens_per_minute)
        self.model = settings.openai_model
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

        ProviderIsBusy or ProviderRefusesUs if it brought no answer.
        """
        self._outcome = Outcome("failed")  # which it is, too, if it is cancelled
        try:
            response = await self.llm.client.post(
                "/responses",
                cast_to=httpx2.Response,
                content=self._body(),
                options={"headers": {"X-Client-Request-Id": entry}},
            )
        except openai.APIStatusError as error:
            headers = read_rate_headers(error.response.headers)
            self._outcome = Outcome("refused" if error.status_code == 429 else "failed", headers=headers)
            raise translated(error) from error
        except openai.OpenAIError as error:
            raise translated(error) from error
        except BodyIsTooLong:
            return overlong_answer(MAX_BODY_BYTES, self.request, self.llm.model)
        headers = read_rate_headers(response.headers)
        self._outcome = Outcome("failed", headers=headers)
        answer = read_answer(response.content, self.request, self.llm.model)
        self._outcome = Outcome("answered", answer.usage.input + answer.usage.output, headers)
        return answer

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
        return msgspec.json.encode(body)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.llm.limiter.settle(self.reservation, self._outcome)
