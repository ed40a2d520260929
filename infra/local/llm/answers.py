"""The bodies of the Responses API: a finished answer, an unfinished one, an error."""

import secrets
import time
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_CHARACTERS_PER_TOKEN = 4
_CACHEABLE_FROM = 1024
_CACHED_IN_STEPS_OF = 128

_ERRORS: dict[int, tuple[str, str | None, str]] = {
    400: ("invalid_request_error", "invalid_value", "Invalid request."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    404: ("invalid_request_error", None, "Invalid URL."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached for requests. Please try again later."),
    500: ("server_error", None, "The server had an error while processing your request. Sorry about that!"),
    503: ("server_error", None, "The engine is currently overloaded, please try again later."),
}


@dataclass(frozen=True)
class Asked:
    """What was asked, as far as the answer repeats or depends on it."""

    body: Json
    text: str

    @property
    def instructions(self) -> str:
        """The fixed part of the prompt."""
        return str(self.body.get("instructions") or "")

    @property
    def metadata(self) -> dict[str, str]:
        """The caller's labels."""
        return dict(self.body.get("metadata") or {})

    @property
    def tokens(self) -> int:
        """What the whole prompt counts as."""
        return count_tokens(self.instructions) + count_tokens(self.text)


def read_input(given: object) -> str:
    """All text of an `input`: a string, or a list of messages of strings or typed parts."""
    if isinstance(given, str):
        return given
    if isinstance(given, list):
        return "\n\n".join(filter(None, map(read_input, given)))
    if isinstance(given, dict):
        return read_input(given.get("content", given.get("text", "")))
    return ""


def count_tokens(text: str) -> int:
    """A fair estimate; nothing depends on it being exact."""
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


def answer_text(asked: Asked, text: str, *, cached: bool) -> Json:
    """A finished answer."""
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return _response(asked, [part], count_tokens(text), cached=cached)


def answer_refusal(asked: Asked) -> Json:
    """A finished answer that holds a refusal instead of text."""
    refusal = "I'm sorry, but I can't help with that."
    return _response(asked, [{"type": "refusal", "refusal": refusal}], count_tokens(refusal), cached=False)


def answer_truncated(asked: Asked, text: str) -> Json:
    """An answer that ran into the limit of output tokens in the middle of a sentence."""
    cut = text[: len(text) // 2].rstrip(" .,\n")
    answer = answer_text(asked, cut, cached=False)
    answer["status"] = answer["output"][0]["status"] = "incomplete"
    answer["incomplete_details"] = {"reason": "max_output_tokens"}
    return answer


def error_body(status: int, message: str | None = None) -> Json:
    """An error as OpenAI words it."""
    kind, code, usual = _ERRORS.get(
        status, ("server_error" if status >= 500 else "invalid_request_error", None, "Error.")
    )
    return {"error": {"message": message or usual, "type": kind, "param": None, "code": code}}


def _response(asked: Asked, content: list[Json], output_tokens: int, *, cached: bool) -> Json:
    body = asked.body
    message = {
        "id": f"msg_{secrets.token_hex(24)}",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": content,
    }
    return {
        "id": f"resp_{secrets.token_hex(24)}",
        "object": "response",
        "created_at": int(time.time()),
        "completed_at": int(time.time()),
        "status": "completed",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "metadata": asked.metadata,
        "model": body.get("model"),
        "output": [message],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": body.get("prompt_cache_key"),
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": body.get("store", True),
        "temperature": body.get("temperature", 1.0),
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_p": body.get("top_p", 1.0),
        "truncation": "disabled",
        "usage": _usage(asked, output_tokens, cached=cached),
        "user": None,
    }


def _usage(asked: Asked, output_tokens: int, *, cached: bool) -> Json:
    fixed = count_tokens(asked.instructions)
    from_cache = fixed // _CACHED_IN_STEPS_OF * _CACHED_IN_STEPS_OF
    return {
        "input_tokens": asked.tokens,
        "input_tokens_details": {
            "cached_tokens": from_cache if cached and fixed >= _CACHEABLE_FROM else 0,
            "cache_write_tokens": 0,
        },
        "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": asked.tokens + output_tokens,
    }
