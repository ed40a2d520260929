"""A provider that fails in every way it can: the report completes, or one section is dead with its reason.

Whoever waits for it ends at once.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from actors.products.catalogue import PRODUCTS
from infra.local.stack import Stack
from tests.pressroom import ANSWERS, Pressroom

SECTIONS = 52
#: What random sections meet, in turns.
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 500},
    {"kind": "reset"},
    {"kind": "hang", "seconds": 5.0},
    {"kind": "truncated"},
)
#: All others are answered in few words, since setting them is not what is looked at.
SHORT = {"kind": "long", "words": 40}


@pytest.fixture(scope="module")
def processes(stack: Stack) -> Iterator[Pressroom]:
    """The processes of two products, which wait three seconds for an answer: a busy machine has it by then."""
    with Pressroom(stack, LLM_TIMEOUT_S="3") as running:
        writer = running.start("worker", "personal_blueprint", wait=False)
        running.start_missing()
        writer.wait_ready()
        yield running
        running.forget()


def bought(pressroom: Pressroom) -> str:
    """Buy the book, and return the order."""
    metadata = {"product": "personal_blueprint", **ANSWERS, "birth_date": "1985-12-10"}
    return pressroom.buy(metadata=metadata, amount_subtotal=4900)


def test_a_fifth_of_all_answers_may_fail(pressroom: Pressroom) -> None:
    """The book is delivered, every section bought once but for what failed, and the ledger has every request."""
    sections = [section.id for section in PRODUCTS["personal_blueprint"].sections]
    met = FAULTS * 3
    struck = zip(random.Random(7).sample(sections, len(met)), met, strict=True)
    pressroom.stack.llm.add_faults(
        *({**fault, "section": section, "times": 1} for section, fault in struck), SHORT
    )
    order = bought(pressroom)
    shown = pressroom.until_delivered(order, patience_s=300)
    requests = pressroom.stack.llm.requests(order=order)
    assert Counter(request.fault for request in requests) == {
        SHORT["kind"]: SECTIONS,
        **Counter(fault["kind"] for fault in met),
    }
    unheard = sum(fault["kind"] in {"reset", "hang"} for fault in met)
    assert (shown["llm"]["attempts"], shown["llm"]["possibly_paid"]) == (len(requests), unheard)
    assert shown["dead"] == []


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("refusal", "refused"), ("empty", "empty"), ("long", "overlong"), ("garbage", "unreadable")],
)
def test_a_section_with_no_usable_answer_is_the_only_one_that_dies(
    pressroom: Pressroom, kind: str, reason: str
) -> None:
    """After three answers of no use its dead letter says which they were; the others are written and set."""
    pressroom.stack.llm.add_faults({"kind": kind, "section": "next_six_weeks"})
    order = pressroom.buy()

    def settled() -> bool:
        found = [step["state"] for step in pressroom.db.steps.find({"order": order}, {"state": 1})]
        return "dead" in found and set(found) <= {"dead", "done", "waiting"}

    pressroom.until("the end of all that can be done", settled)
    (letter,) = [one for one in json.loads(pressroom.cli("dead", "list", "--json")) if one["order"] == order]
    assert letter["step"].endswith("write-next_six_weeks")
    assert reason in letter["error"]
    assert pressroom.order(order)["state"] == "needs_attention"
    assert len(pressroom.stack.llm.requests(order=order)) == 3 + 3


def test_neither_thoughts_nor_fences_are_set(pressroom: Pressroom) -> None:
    """What a model wrote around a section is in no text, in no summary that others get, and in no book."""
    said = "<think>They want comfort.</think>\n\n```markdown\nThe moon is near.\n```"
    pressroom.stack.llm.add_faults({"kind": "text", "text": said})
    order = pressroom.buy()
    pressroom.until_delivered(order)
    results = [step["result"] for step in pressroom.db.steps.find({"order": order, "kind": "write"})]
    assert (
        {result["text"] for result in results}
        == {result["summary"] for result in results}
        == {"The moon is near."}
    )
    assert pressroom.db.ledger.count_documents({"text": {"$exists": True}}) == 0


def test_a_worker_that_waits_for_room_ends_at_once(pressroom: Pressroom) -> None:
    """SIGTERM does not wait for the provider's pause: sections in line go back unbought, and the next has them."""
    pressroom.part("worker-life_clarity").terminate()
    worker = pressroom.start("worker", "life_clarity", GRACE_S="60")
    pressroom.stack.llm.add_faults({"status": 429, "retry_after": 60, "times": 1, "section": "where_you_stand"})
    refused = pressroom.buy()
    pressroom.until("refusal", lambda: pressroom.db.ledger.find_one({"order": refused, "outcome": "failed"}))
    order = pressroom.buy()
    held = {"order": order, "kind": "write", "state": "claimed"}
    pressroom.until("waiting", lambda: pressroom.db.steps.count_documents(held) == 4)
    worker.terminate(within_s=15)
    assert worker.exit_code == 0
    steps = pressroom.db.steps.find({"order": order, "kind": "write"}).to_list()
    assert [(step["state"], step["kills"], step["fails"]) for step in steps] == [("queued", 0, 0)] * 4
    assert pressroom.db.ledger.count_documents({"order": order}) == 0

    pressroom.redis.delete("pressroom:llm:gpt-5-mini")  # the pause is over
    pressroom.start("worker", "life_clarity")
    assert pressroom.until_delivered(order)["llm"]["attempts"] == 4
