"""The words of an answer, as servers send them: only those of the section itself reach a page."""

from typing import Any

import msgspec
import pytest

from infra.llm.answer import Answer, Request
from infra.llm.prices import read_prices
from infra.llm.reading import read_answer
from infra.local.llm.exchange import Ask, Json, answer, message

REQUEST = Request(instructions="Write.", input="# One", cache_key="book")
PRICES = read_prices()


def read(body: Json | bytes) -> Answer:
    """Read an answer of the provider's."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return read_answer(raw, REQUEST, "gpt-5-mini", PRICES)


def said(text: str, **fields: Any) -> Answer:
    """Read an answer of one text."""
    return read(answer(Ask("gpt-5-mini", "# One"), text, fields=fields))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<think>Hmm.</think>\n\nThe text.", "The text."),
        ("<THINK>\nHmm.\n</THINK>The text.", "The text."),
        ('<thinking type="deep">Hmm.</thinking>The text.', "The text."),
        ("Hmm, so.</think>\n\nThe text.", "The text."),
        ("<think>I write <think> first.</think>Then.</think>The text.", "The text."),
        ("<think></think><think>More.</think>The text.", "The text."),
        ("The text.\n\n<think>Is it good? It nev", "The text."),
        ("One. <reasoning>Hmm.</reasoning>Two.", "One. Two."),
        ("◁think▷Hmm.◁/think▷The text.", "The text."),
        ("[THINK]Hmm.[/THINK]The text.", "The text."),
        ("<seed:think>Hmm.</seed:think>The text.", "The text."),
        (
            "<|channel|>analysis<|message|>Hmm.<|end|><|start|>assistant<|channel|>final<|message|>The text.",
            "The text.",
        ),
        ("<think>Hmm.</think><answer>The text.</answer>", "The text."),
        ("<think>Hmm.</think>```markdown\n# The text\n\nMore.\n```", "# The text\n\nMore."),
        ("```markdown\nThe text.\n```", "The text."),
        ("```md\r\nThe text.\r\n```\n", "The text."),
        ("````markdown\nThe text.\n```py\nx\n```\n````", "The text.\n```py\nx\n```"),
        ("~~~\nThe text.\n~~~", "The text."),
        ("```markdown\nThe text.", "The text."),
        ("```\nx = 1\n```\n\nThe text.\n\n```\ny = 2\n```", "```\nx = 1\n```\n\nThe text.\n\n```\ny = 2\n```"),
        ("One thinks of <b>love</b>, 3 < 4.", "One thinks of <b>love</b>, 3 < 4."),
    ],
)
def test_thoughts_and_fences_never_reach_a_page(text: str, left: str) -> None:
    """What a model thought, and a fence around all that it wrote, is cut away."""
    found = said(text)
    assert (found.outcome, found.text) == ("written", left)


@pytest.mark.parametrize("text", ["<think>It never ends.", "<think>Only that.</think>", "Only that.</think>"])
def test_nothing_but_thoughts_is_an_empty_answer(text: str) -> None:
    """An answer without words beside its thoughts is asked for again like any empty one."""
    assert said(text).outcome == "empty"


def test_thoughts_without_number_take_no_time() -> None:
    """A model that begins thoughts again and again is read as quickly as any other."""
    assert said("<think>" * 20_000 + "</think>The text.").text == "The text."
    assert said("<think>" * 140_000).outcome == "empty"


@pytest.mark.parametrize(
    ("items", "left"),
    [
        ([("", "Same."), ("", "Same.")], "Same."),
        ([("", "One."), ("", "One. Two."), ("", "One. Two. Three.")], "One. Two. Three."),
        ([("", "One."), ("", "Two.")], "One.\n\nTwo."),
        ([("commentary", "I will write now."), ("final_answer", "Final.")], "Final."),
        ([("final_answer", "Final."), ("commentary", "Done.")], "Final."),
        ([("", "<think>Hmm.</think>"), ("", "Final.")], "Final."),
        ([("analysis", "Hmm."), ("final", "One."), ("final", "Two.")], "One.\n\nTwo."),
    ],
)
def test_items_are_joined_as_they_were_meant(items: list[tuple[str, str]], left: str) -> None:
    """Remarks are dropped, doubled and growing items count once, and different ones are parted by a blank line."""
    assert said("", output=[message(text, phase) for phase, text in items]).text == left


def test_remarks_alone_are_no_answer() -> None:
    """A model that only says what it will do has not written the section."""
    assert said("", output=[message("I will write now.", "commentary")]).outcome == "empty"


ODD: list[dict[str, Any]] = [
    {"usage": {"input_tokens": 10.0, "output_tokens": 20.5}},
    {"usage": {"input_tokens": 10, "output_tokens": 20, "input_tokens_details": {"cached_tokens": -1}}},
    {"usage": {"input_tokens": 10, "output_tokens": 20, "input_tokens_details": [None]}},
    {"usage": {"input_tokens": -1, "output_tokens": "many"}},
    {"usage": [1, 2]},
    {"usage": "none"},
    {"usage": {"input_tokens": 10**30, "output_tokens": 10**30}},
    {"usage": {"input_tokens": True, "output_tokens": None}},
    {"error": "none"},
    {"error": {"code": 7}},
    {"incomplete_details": "max_output_tokens"},
    {"incomplete_details": []},
    {"status": 3},
    {"status": ["completed"]},
    {"status": {}},
    {"model": None},
    {"model": ["gpt"]},
    {"metadata": 5, "id": None, "created_at": "yesterday"},
]


@pytest.mark.parametrize("fields", ODD, ids=str)
def test_what_is_only_counted_may_be_nonsense(fields: dict[str, Any]) -> None:
    """A complete text is used whatever stands in the fields beside it, and its cost is known."""
    found = said("The text.", **fields)
    assert (found.outcome, found.text) == ("written", "The text.")
    assert found.cost_usd is not None
    assert found.usage.cached >= 0
    assert 0 <= found.usage.output < 10**9


PART = {"type": "output_text", "text": "The text."}
OTHER_ITEMS: list[list[Any]] = [
    [
        {"type": "reasoning", "content": [{"type": "reasoning_text", "text": None}]},
        {"type": "message", "content": [PART]},
    ],
    [{"type": "reasoning", "summary": None}, None, 7, "x", {"type": "message", "content": [PART]}],
    [{"content": [PART]}],
    [{"type": None, "role": None, "phase": ["final"], "content": [PART]}],
    [{"type": ["message"]}, {"type": "message", "role": [], "content": [{"type": [], "text": "No."}, PART]}],
    [{"type": "message", "content": [{"type": "output_text", "text": None}, None, PART]}],
    [{"type": "message", "content": None}, {"type": "message", "content": [PART]}],
    [{"type": "message", "role": "assistant", "content": "The text."}],
    [
        {"type": "message", "role": "user", "content": "# One"},
        {"type": "message", "content": [PART], "phase": None},
    ],
    [
        {"type": "web_search_call", "content": [{"type": "output_text", "text": "Found."}]},
        {"type": "message", "content": [PART]},
    ],
]


@pytest.mark.parametrize("output", OTHER_ITEMS, ids=str)
def test_unknown_items_are_passed_over(output: list[Any]) -> None:
    """Thoughts, calls, nulls and items without a type do not spoil the answer beside them."""
    assert said("", output=output).text == "The text."


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502 Bad Gateway</html>",
        b"[]",
        b"null",
        b'"text"',
        b'{"id": "resp_1"}',
        b'{"output": "The text."}',
        b'{"output": null}',
        b"[" * 100_000,
        b'{"output": [' + b"9" * 5000 + b"x",
        b"\x1f\x8b\x08\x00",
    ],
    ids=lambda body: str(body[:20]),
)
def test_a_body_that_is_no_answer_was_paid_for(body: bytes) -> None:
    """A 200 that cannot be read is an outcome like a refusal, with a usage and a cost that are estimated."""
    found = read(body)
    assert (found.outcome, found.text) == ("unreadable", "")
    assert found.usage.estimated
    assert found.cost_usd is not None


def test_a_lone_surrogate_is_no_reason_to_lose_an_answer() -> None:
    """Half of a character, as cut emoji leave it, becomes a question mark."""
    body = rb'{"output": [{"type": "message", "content": [{"type": "output_text", "text": "A \ud83d moon."}]}]}'
    assert read(body).text == "A ? moon."
    assert read(b"\xef\xbb\xbf" + body).text == "A ? moon."


def test_usage_tells_what_was_stored() -> None:
    """What the provider had stored, and what it stored now, are parts of the input, and never more than it."""
    told = {"input_tokens": 100, "output_tokens": 5}
    details = {"cached_tokens": 30, "cache_write_tokens": 60}
    usage = said("The text.", usage={**told, "input_tokens_details": details}).usage
    assert (usage.input, usage.cached, usage.cache_write, usage.estimated) == (100, 30, 60, False)
    usage = said(
        "T.", usage={**told, "input_tokens_details": {"cached_tokens": 300, "cache_write_tokens": 9}}
    ).usage
    assert (usage.cached, usage.cache_write) == (100, 0)
