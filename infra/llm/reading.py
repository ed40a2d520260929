"""Reads an answer of the Responses API: text and usage, or why there is none.

The SDK's own types promise fields that compatible servers leave out, and building them takes a fifth of a call's
processor time. So only the needed fields are read, and checked.
"""

from typing import Annotated

import msgspec

from infra.llm.answer import Answer, Outcome, ProviderIsBusy, Request, Usage, estimated_tokens
from infra.llm.prices import cost_usd

#: No section is a tenth as long; a longer text does not follow its brief, and a book must not be set from it.
MAX_TEXT_CHARS = 40_000

_Count = Annotated[int, msgspec.Meta(ge=0)]


class _Part(msgspec.Struct):
    type: str
    text: str = ""


class _Item(msgspec.Struct):
    type: str
    content: list[_Part] | None = None


class _Details(msgspec.Struct):
    cached_tokens: _Count | None = None


class _Usage(msgspec.Struct):
    input_tokens: _Count | None = None
    output_tokens: _Count | None = None
    input_tokens_details: _Details | None = None


class _Cause(msgspec.Struct):
    code: str | None = None
    reason: str | None = None


class _Response(msgspec.Struct):
    output: list[_Item]
    status: str | None = None
    model: str | None = None
    error: _Cause | None = None
    incomplete_details: _Cause | None = None
    usage: _Usage | None = None

    def parts(self) -> list[_Part]:
        return [part for item in self.output if item.type == "message" for part in item.content or []]


def read_answer(body: bytes, request: Request, model: str) -> Answer:
    """Return the answer in the body of a 200; ProviderIsBusy if it is none, or says that it failed."""
    try:
        response = msgspec.json.decode(body, type=_Response)
    except msgspec.MsgspecError as error:
        raise ProviderIsBusy("The LLM provider's answer has not the shape of one.") from error
    if response.status in {"failed", "cancelled"}:
        code = response.error.code if response.error else response.status
        raise ProviderIsBusy(f"The LLM provider began an answer and failed: {code}.")
    text = "".join(part.text for part in response.parts() if part.type == "output_text").strip()
    outcome = _outcome(response, text)
    usage = _usage(response.usage, request, text)
    named = response.model or model
    return Answer(outcome, "" if outcome == "overlong" else text, named, usage, cost_usd(named, usage))


def overlong_answer(body_size: int, request: Request, model: str) -> Answer:
    """Return a substitute for an answer of which only so many bytes were read: it was paid for, as estimated."""
    usage = Usage(request.input_tokens, 0, estimated_tokens(body_size), estimated=True)
    return Answer("overlong", "", model, usage, cost_usd(model, usage))


def _outcome(response: _Response, text: str) -> Outcome:
    if any(part.type == "refusal" for part in response.parts()):
        return "refused"
    if response.status == "incomplete":
        reason = response.incomplete_details.reason if response.incomplete_details else None
        return "refused" if reason == "content_filter" else "truncated"
    if len(text) > MAX_TEXT_CHARS:
        return "overlong"
    return "written" if text else "empty"


def _usage(said: _Usage | None, request: Request, text: str) -> Usage:
    if said is None or said.input_tokens is None or said.output_tokens is None:
        return Usage(request.input_tokens, 0, estimated_tokens(len(text)), estimated=True)
    details = said.input_tokens_details
    return Usage(said.input_tokens, (details.cached_tokens or 0) if details else 0, said.output_tokens)
