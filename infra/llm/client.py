"""The one place that talks to the LLM: the Responses API through the openai package."""

import openai
from openai import AsyncOpenAI
from openai.types.responses import Response

from infra.llm.answer import Answer, Outcome, ProviderIsBusy, ProviderRefusesUs, Request, Usage
from infra.llm.prices import cost_usd
from infra.settings import Settings

#: A long section is about 1,000 tokens, and a reasoning model's thoughts count too; past this it is a runaway.
MAX_OUTPUT_TOKENS = 8192
#: Characters of English to a token, the provider's own rule of thumb; used only where it does not count itself.
_CHARS_PER_TOKEN = 4


class Llm:
    """Writes sections. One request a call: retries would be purchases that nobody recorded."""

    def __init__(self, settings: Settings) -> None:
        """Connect lazily."""
        self.model = settings.openai_model
        self._client = AsyncOpenAI(
            api_key=settings.openai_api_key,
            base_url=settings.openai_base_url,
            timeout=settings.llm_timeout_s,
            max_retries=0,
        )

    @property
    def host(self) -> str:
        """The host that it talks to."""
        return self._client.base_url.netloc.decode()

    async def write(self, request: Request) -> Answer:
        """Make one request. ProviderIsBusy or ProviderRefusesUs if it brought no answer."""
        try:
            response = await self._client.responses.create(
                model=self.model,
                instructions=request.instructions,
                input=request.input,
                metadata=request.metadata,
                prompt_cache_key=request.cache_key,
                max_output_tokens=MAX_OUTPUT_TOKENS,
                store=False,
                extra_headers={"X-Client-Request-Id": request.id},
            )
        except openai.APIStatusError as error:
            raise _translated(error) from error
        except openai.APIConnectionError as error:  # time-outs too
            raise ProviderIsBusy(f"The LLM provider was not reached: {type(error).__name__}.") from error
        except openai.APIError as error:
            raise ProviderIsBusy("The LLM provider's answer could not be read.") from error
        try:
            return _answer(response, request, self.model)
        except (TypeError, AttributeError) as error:
            raise ProviderIsBusy("The LLM provider's answer has not the shape of one.") from error

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()


def _translated(error: openai.APIStatusError) -> ProviderIsBusy | ProviderRefusesUs:
    status = error.status_code
    if status in {408, 409, 425, 429} or status >= 500:
        return ProviderIsBusy(f"The LLM provider answered {status}.", retry_after=_retry_after(error))
    code = f" ({error.code})" if error.code else ""
    return ProviderRefusesUs(f"The LLM provider refused the request with {status}{code}.")


def _retry_after(error: openai.APIStatusError) -> float | None:
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds <= 3600 else None


def _answer(response: Response, request: Request, model: str) -> Answer:
    if response.status in {"failed", "cancelled"}:
        code = response.error.code if response.error else response.status
        raise ProviderIsBusy(f"The LLM provider began an answer and failed: {code}.")
    text = response.output_text.strip()
    usage = _usage(response, request, text)
    named = response.model or model
    return Answer(_outcome(response, text), text, named, usage, cost_usd(named, usage))


def _outcome(response: Response, text: str) -> Outcome:
    if any(part.type == "refusal" for item in response.output if item.type == "message" for part in item.content):
        return "refused"
    if response.status == "incomplete":
        reason = response.incomplete_details.reason if response.incomplete_details else None
        return "refused" if reason == "content_filter" else "truncated"
    return "written" if text else "empty"


def _usage(response: Response, request: Request, text: str) -> Usage:
    # Compatible servers leave fields out that the SDK's types promise; what is missing is estimated.
    usage = response.usage
    read, written = getattr(usage, "input_tokens", None), getattr(usage, "output_tokens", None)
    if isinstance(read, int) and isinstance(written, int):
        cached = getattr(getattr(usage, "input_tokens_details", None), "cached_tokens", None)
        return Usage(read, cached or 0, written)
    given = len(request.instructions) + len(request.input)
    return Usage(given // _CHARS_PER_TOKEN, 0, len(text) // _CHARS_PER_TOKEN, estimated=True)
