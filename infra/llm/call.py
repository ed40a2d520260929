"""One call to the LLM: given room by the limiter, made once, settled."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import httpx2
import msgspec
import openai
from openai import AsyncOpenAI

from infra.llm.answer import Answer, Request
from infra.llm.bodies import MAX_BODY_BYTES, BodyIsTooLong
from infra.llm.failures import translated
from infra.llm.limiter.limiter import Limiter
from infra.llm.limiter.terms import Outcome, Reservation
from infra.llm.reading import overlong_answer, read_answer
from infra.llm.told import told_by

if TYPE_CHECKING:
    from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming


@dataclass(eq=False, repr=False)
class Call:
    """Holds room at the provider for the length of a `with` block, in which `write` may be called once.

    Room for a call that was never made is given back whole.
    """

    client: AsyncOpenAI
    limiter: Limiter
    model: str
    request: Request
    reservation: Reservation
    _outcome = Outcome("unsent")

    async def write(self, entry: str) -> Answer:
        """Make the request, which the provider sees under the ledger entry's id.

        ProviderIsBusy or ProviderRefusesUs if it brought no answer.
        """
        self._outcome = Outcome("failed")  # which it is, too, if it is cancelled
        try:
            response = await self.client.post(
                "/responses",
                cast_to=httpx2.Response,
                content=self._body(),
                options={"headers": {"X-Client-Request-Id": entry}},
            )
        except openai.APIStatusError as error:
            told = told_by(error.response.headers)
            self._outcome = Outcome("refused" if error.status_code == 429 else "failed", told=told)
            raise translated(error) from error
        except openai.OpenAIError as error:
            raise translated(error) from error
        except BodyIsTooLong:
            return overlong_answer(MAX_BODY_BYTES, self.request, self.model)
        told = told_by(response.headers)
        self._outcome = Outcome("failed", told=told)
        answer = read_answer(response.content, self.request, self.model)
        self._outcome = Outcome("answered", answer.usage.input + answer.usage.output, told)
        return answer

    def _body(self) -> bytes:
        """Encode the request: the SDK's own method would walk through all that a request may hold."""
        body: ResponseCreateParamsNonStreaming = {
            "model": self.model,
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
        await self.limiter.settle(self.reservation, self._outcome)
