"""Requests, records and answers of the stub, in the shapes of the Responses API."""

import random
import secrets
import time
from typing import Any, Literal

import msgspec

Json = dict[str, Any]

#: The shortest prefix that OpenAI stores (developers.openai.com/api/docs/guides/prompt-caching).
_LEAST_STORED = 1024
_SYLLABLES = [first + second for first in "bdfklmnprstvz" for second in "aeiou"]


class Ask(msgspec.Struct):
    """A request, as far as the answer repeats or depends on it. The stub reads plain text and does not stream."""

    model: str
    input: str
    instructions: str = ""
    metadata: dict[str, str] = {}
    max_output_tokens: int = 0
    reasoning: Json = {}
    prompt_cache_key: str = ""
    stream: Literal[False] = False

    @property
    def prefix_tokens(self) -> int:
        """Return how much of the request is stored under its key: its static part, if that is long enough."""
        tokens = count_tokens(self.instructions)
        return tokens if self.prompt_cache_key and tokens >= _LEAST_STORED else 0


class Record(msgspec.Struct):
    """One request. Times are Unix time in seconds; `status` and `finished_at` are None while it is in flight.

    `fault` is the one that it met, if any, and `charged` the tokens that it took from the limit. `client_gone` is
    true if the caller was gone before the answer. Status 0 is a line that was cut. `request_id` is the caller's
    `X-Client-Request-Id`, and `effort` that of reasoning which was asked for. `word` stands in the answer's text,
    and, but for a chance in a billion, in no other's.
    """

    order: str
    product: str
    section: str
    request_id: str | None
    input: str
    started_at: float
    word: str = msgspec.field(default_factory=lambda: "".join(random.choices(_SYLLABLES, k=5)))
    effort: str | None = None
    charged: int = 0
    status: int | None = None
    fault: str | None = None
    client_gone: bool = False
    finished_at: float | None = None


def answer(
    ask: Ask, text: str, *, kind: str | None = None, fields: Json | None = None, is_stored: bool = False
) -> Json:
    """Return an answer of this text, with some `fields` in place of its own, after an item of hidden thoughts.

    `refusal` refuses in its words, `truncated` breaks it off, `failed` has none, `uncounted` tells no usage. The
    prefix of the request counts as stored before, or as stored now.
    """
    truncated, refused, failed = kind == "truncated", kind == "refusal", kind == "failed"
    text = text[: len(text) // 2] if truncated else text
    status = "incomplete" if truncated else "failed" if failed else "completed"
    item = message(text, "final_answer") | {"status": status}
    if refused:
        item["content"] = [{"type": "refusal", "refusal": text}]
    thoughts = {"id": f"rs_{secrets.token_hex(24)}", "type": "reasoning", "summary": []}
    read, written, prefix = count_tokens(ask.instructions + ask.input), count_tokens(text), ask.prefix_tokens
    usage = {
        "input_tokens": read,
        "input_tokens_details": {
            "cached_tokens": prefix if is_stored else 0,
            "cache_write_tokens": 0 if is_stored else prefix,
        },
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }
    return {
        "id": f"resp_{secrets.token_hex(24)}",
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "error": {"code": "server_error", "message": "Failed on request."} if failed else None,
        "incomplete_details": {"reason": "max_output_tokens"} if truncated else None,
        "instructions": ask.instructions,
        "metadata": ask.metadata,
        "model": ask.model,
        "output": [] if failed else [thoughts, item],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": None if kind == "uncounted" else usage,
        **(fields or {}),
    }


def message(text: str, phase: str | None = None) -> Json:
    """Return an item of an answer's output, of the phase that newer models name."""
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"id": f"msg_{secrets.token_hex(24)}", "type": "message", "role": "assistant", "status": "completed"}
    return {**item, "content": [part], **({"phase": phase} if phase else {})}


def charge(ask: Ask) -> int:
    """Return the tokens that a request takes from the limit when it comes, however many it uses in the end.

    They are the larger of the most that it may write and its input, estimated from the number of characters
    (OpenAI's guide to rate limits, developers.openai.com/api/docs/guides/rate-limits).
    """
    return max(ask.max_output_tokens, count_tokens(ask.instructions + ask.input))


def count_tokens(text: str) -> int:
    """Return a fair estimate, which need not be exact."""
    return -(-len(text) // 4)
