"""The client of the LLM, built in one place: the openai package, and the limiter before it."""

from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from infra.llm.answer import Request
from infra.llm.bodies import PLAIN, bound_body
from infra.llm.call import Call
from infra.llm.limiter.limiter import Limiter
from infra.llm.limiter.terms import Limits, Terms
from infra.settings import Settings


class Llm:
    """Writes sections. One request a call: retries would be purchases that nobody recorded."""

    def __init__(self, settings: Settings) -> None:
        """Connect lazily."""
        limits = Limits(settings.llm_requests_per_minute, settings.llm_tokens_per_minute)
        self.model = settings.openai_model
        # A provider's limits are a model's: each is counted by itself.
        self._limiter = Limiter(settings.redis_url, self.model, Terms(limits, settings.llm_timeout_s))
        self._client = AsyncOpenAI(
            api_key=settings.openai_api_key,
            base_url=settings.openai_base_url,
            timeout=settings.llm_timeout_s,
            max_retries=0,
            default_headers=PLAIN,
            http_client=DefaultAsyncHttpxClient(event_hooks={"response": [bound_body]}),
        )

    @property
    def host(self) -> str:
        """The host that it talks to."""
        return self._client.base_url.netloc.decode()

    async def reserve(self, request: Request, *, priority: int = 0) -> Call:
        """Return once the limits have room for the request; to be used in a `with` block.

        It waits for as long as it takes: who has no more patience, or is told to stop, cancels it. All that may be
        written is reserved, since that is what the provider counts when the request comes.
        """
        tokens = request.input_tokens + request.max_output_tokens
        reservation = await self._limiter.wait_for_room(tokens, priority=priority)
        return Call(self._client, self._limiter, self.model, request, reservation)

    async def beat_for_ever(self) -> None:
        """Be counted among those that share the limits; to be run as long as sections are written."""
        await self._limiter.beat_for_ever()

    async def close(self) -> None:
        """Leave the limiter, and close every connection."""
        await self._limiter.close()
        await self._client.close()
