"""Reads an answer of the Responses API: text and usage, or why there is none.

Servers differ in which fields are there, null, or of another type. Only the text must be readable: what is only
counted may be nonsense, and what is not known is passed over.
"""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from infra.errors import code_of
from infra.foreign_json import member
from infra.llm.answer import Answer, AnswerFailed, Outcome, ProviderIsBusy, Request, Usage, estimated_tokens
from infra.llm.prices import Prices
from infra.llm.wording import cleaned, joined

#: No section is a tenth as long; a longer text does not follow its brief, and a book must not be set from it.
MAX_TEXT_CHARS = 40_000
#: More tokens than any model can read or write: a greater count is nonsense.
_MOST_TOKENS = 100_000_000
#: More texts than any answer has.
_MOST_ITEMS = 64

Json = dict[str, Any]


def read_answer(body: bytes, request: Request, model: str, prices: Prices) -> Answer:
    """Return the answer in the body of a 200, which was paid for.

    ProviderIsBusy if it says that it failed, AnswerFailed if it tells a usage all the same.
    """
    response = _decoded(body)
    said = response.get("model")
    named = said[:200] if isinstance(said, str) and said else model
    usage = _usage(response.get("usage"))
    if response.get("status") in ("failed", "cancelled"):  # a tuple: what is odd may have no hash
        raise _failure(response, named, usage, prices)
    messages = list(islice(_messages(response.get("output")), _MOST_ITEMS))
    texts = ["".join(_texts(message)).strip() for message in messages]
    text = joined(map(cleaned, texts))
    outcome = _outcome(response, messages, text)
    if usage is None:
        usage = _estimated(request, estimated_tokens(sum(map(len, texts)) or len(body)))
    return Answer(outcome, "" if outcome == "overlong" else text, named, usage, prices.cost_usd(named, usage))


def _failure(response: Json, model: str, usage: Usage | None, prices: Prices) -> ProviderIsBusy:
    code = member(response, "error", "code") or response["status"]
    said = f"The LLM provider began an answer and failed: {code_of(code)}."
    if usage is None:
        return ProviderIsBusy(said)
    return AnswerFailed(said, model, usage, prices.cost_usd(model, usage))


def unread_answer(outcome: Outcome, written: int, request: Request, model: str, prices: Prices) -> Answer:
    """Return a substitute for an answer of about so many tokens: it was paid for, as estimated."""
    usage = _estimated(request, written)
    return Answer(outcome, "", model, usage, prices.cost_usd(model, usage))


def _estimated(request: Request, written: int) -> Usage:
    return Usage(request.input_tokens, 0, written, estimated=True)


def _decoded(body: bytes) -> Json:
    """Return the body as an object, an empty one if it is none. Lone surrogates become question marks."""
    try:
        found = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        try:
            found = json.loads(body.decode("utf-8-sig", "replace"), parse_int=float)
        except (ValueError, RecursionError):
            return {}
    except RecursionError:
        return {}
    return found if isinstance(found, dict) else {}


def _messages(output: object) -> Iterator[Json]:
    """Yield the items that are the answer itself: thoughts, calls and remarks on the way are not."""
    for item in output if isinstance(output, list) else ():
        if not isinstance(item, dict) or (item.get("type") or "message") != "message":
            continue
        if (item.get("role") or "assistant") == "assistant" and _is_final(item.get("phase")):
            yield item


def _is_final(phase: object) -> bool:
    return not isinstance(phase, str) or phase.startswith("final")


def _parts(message: Json) -> Iterator[Json]:
    content = message.get("content")
    if isinstance(content, str):
        yield {"type": "output_text", "text": content}
    elif isinstance(content, list):
        yield from (part for part in content if isinstance(part, dict))


def _texts(message: Json) -> Iterator[str]:
    for part in _parts(message):
        text = part.get("text")
        if part.get("type") in ("output_text", "text") and isinstance(text, str):
            yield text.encode("utf-8", "replace").decode()


def _outcome(response: Json, messages: list[Json], text: str) -> Outcome:
    if any(part.get("type") == "refusal" for message in messages for part in _parts(message)):
        return "refused"
    if response.get("status") == "incomplete":
        reason = member(response, "incomplete_details", "reason")
        return "refused" if reason == "content_filter" else "truncated"
    if not isinstance(response.get("output"), list):
        return "unreadable"
    if len(text) > MAX_TEXT_CHARS:
        return "overlong"
    return "written" if text else "empty"


def _usage(said: object) -> Usage | None:
    """Return the usage as it was told. None without a count of both kinds."""
    read, written = _count(member(said, "input_tokens")), _count(member(said, "output_tokens"))
    if read is None or written is None:
        return None
    details = member(said, "input_tokens_details")
    cached = min(_count(member(details, "cached_tokens")) or 0, read)
    stored = min(_count(member(details, "cache_write_tokens")) or 0, read - cached)
    return Usage(read, cached, written, cache_write=stored)


def _count(told: object) -> int | None:
    """Return a count of tokens; None if it is none."""
    if isinstance(told, bool) or not isinstance(told, int | float) or not 0 <= told <= _MOST_TOKENS:
        return None
    return round(told)
