"""What cannot be done becomes a dead letter: listed, explained, replayed or discarded."""

from typing import Any

import pytest
from dramatiq import Message

from infra.broker.broker import QueueKeys
from tests.pressroom import Pressroom

QUEUE = "life_clarity"
KEYS = QueueKeys("dramatiq", QUEUE)


def push(pressroom: Pressroom, message_id: str, data: bytes) -> None:
    """Put a message straight into Redis, past every sender of ours."""
    pressroom.redis.hset(KEYS.messages, message_id, data)
    pressroom.redis.rpush(KEYS.queue, message_id)


def dead(pressroom: Pressroom) -> list[dict[str, Any]]:
    """Return the open dead letters as the command line lists them."""
    letters: list[dict[str, Any]] = pressroom.json("dead", "list")
    return letters


def test_messages_that_nobody_can_take_are_listed_and_discarded(pressroom: Pressroom) -> None:
    """A malformed message and one for an unknown actor are kept with their reason; an operator closes them."""
    push(pressroom, "odd-1", b"{not json")
    push(pressroom, "odd-2", Message("life_clarity", "unheard_of", (), {}, {}).encode())
    pressroom.until("burial", lambda: pressroom.db.dead_letters.count_documents({}) == 2)
    letters = {letter["id"]: letter for letter in dead(pressroom)}
    assert "DecodeError" in letters["message:odd-1"]["error"]
    assert "unheard_of" in letters["message:odd-2"]["error"]
    assert not pressroom.redis.hexists(KEYS.messages, "odd-1")
    pressroom.cli("dead", "discard", "message:odd-1", "--reason", "a test put it there")
    pressroom.cli("dead", "discard", "--all", "--reason", "the other one, too")
    assert dead(pressroom) == []
    actions = pressroom.db.audit.find({}, {"_id": 0, "subject": 1, "reason": 1, "action": 1}).to_list()
    assert {"subject": "message:odd-1", "action": "discarded", "reason": "a test put it there"} in actions


def test_garbage_without_end_is_counted_and_does_no_harm(pressroom: Pressroom) -> None:
    """Of a queue's garbage twenty messages are kept, and the others counted on one more dead letter.

    Each of these has an alert. What is no id asks MongoDB for nothing, and the order that was bought meanwhile is
    delivered.
    """
    query: Any = {"order": {"$ne": None}, "step": {"$ne": None}}
    garbage = (
        b"{not json",
        Message(QUEUE, "unheard_of", (), {}, {}).encode(),
        Message(QUEUE, "write_section", (), query, {}).encode(),
        Message(QUEUE, "begin_report", (), {"\ud800": "x"}, {}).encode(),
        Message(QUEUE, "begin_report", ("x" * 60_000,), {"report": "x", "y" * 60_000: "z"}, {}).encode(),
    )
    for number in range(60):
        push(pressroom, f"odd-{number}" + "\n" * (number % 2) * 300, garbage[number % len(garbage)])
    order = pressroom.buy()
    pressroom.until("counting", lambda: counted(pressroom) >= 40)
    pressroom.until_delivered(order)
    letters = {letter["id"]: letter for letter in dead(pressroom)}
    further = letters.pop(f"messages:{QUEUE}")
    # Several at once may each find a place for one more.
    assert 20 <= len(letters) <= 30
    assert len(letters) + further["attempts"] == 60
    assert all(len(letter["id"]) < 250 and len(letter["error"]) <= 2_000 for letter in letters.values())
    assert pressroom.db.alerts.count_documents({"kind": "dead_message"}) == len(letters) + 1
    refused = pressroom.cli("dead", "replay", "--all", "--reason", "to see", code=1)
    assert "can only be discarded" in refused
    pressroom.cli("dead", "discard", "--all", "--reason", "a test put them there")
    assert pressroom.db.alerts.count_documents({"kind": "dead_message"}) == 0


def counted(pressroom: Pressroom) -> int:
    """Return how many messages were counted and not kept."""
    found = pressroom.db.dead_letters.find_one({"_id": f"messages:{QUEUE}"})
    return found["attempts"] if found else 0


def test_a_section_that_fails_for_good_is_replayed_to_delivery(pressroom: Pressroom) -> None:
    """A dead section calls the operator; replayed, it alone is written again, and the order is delivered."""
    section = "what_pulls_you"
    pressroom.stack.llm.add_faults({"status": 400, "section": section})
    order = pressroom.buy()
    pressroom.until("death", lambda: pressroom.db.dead_letters.find_one({"order": order}))
    shown = pressroom.until("attention", lambda: attention(pressroom, order))
    assert shown["state"] == "needs_attention"
    assert shown["reports"][0]["state"] == "dead"
    letter = dead(pressroom)[0]
    assert (letter["order"], letter["product"], letter["state"]) == (order, "life_clarity", "open")
    assert letter["step"].endswith(section)
    assert "400" in letter["error"]
    assert "Traceback" in letter["traceback"]
    assert shown["dead"] == [letter["id"]]

    pressroom.stack.llm.clear_faults()
    assert "would be" in pressroom.cli("dead", "replay", letter["id"], "--reason", "x", "--dry-run")
    pressroom.cli("dead", "replay", letter["id"], "--reason", "the provider mended it")
    shown = pressroom.until_delivered(order)
    assert shown["attention"] is None
    assert shown["llm"]["attempts"] == 5
    assert len(pressroom.letters(order)) == 1
    assert dead(pressroom) == []


def attention(pressroom: Pressroom, order: str) -> Any:
    """Return the order as shown once it waits for an operator."""
    waits = {"_id": order, "attention": {"$ne": None}}
    return pressroom.order(order) if pressroom.db.orders.find_one(waits) else None


@pytest.mark.short
def test_a_closed_dead_letter_is_not_closed_again(pressroom: Pressroom) -> None:
    """Replaying what is not open fails with one line, exit 1."""
    assert pressroom.cli("dead", "replay", "nothing", "--reason", "x", code=1).count("\n") == 1


def test_unusable_answers_are_asked_for_again_and_paid_for(pressroom: Pressroom) -> None:
    """A refused, a truncated and an empty answer are each in the ledger; the section is asked for again."""
    for kind, section in (
        ("refusal", "where_you_stand"),
        ("truncated", "what_pulls_you"),
        ("empty", "next_six_weeks"),
    ):
        pressroom.stack.llm.add_faults({"kind": kind, "section": section, "times": 1})
    order = pressroom.buy()
    shown = pressroom.until_delivered(order)
    assert shown["llm"]["attempts"] == shown["llm"]["settled"] == 7
    outcomes = sorted(entry["outcome"] for entry in pressroom.db.ledger.find({"order": order}))
    assert outcomes == ["empty", "refused", "truncated", *["written"] * 4]


def test_an_answer_that_is_refused_three_times_is_dead(pressroom: Pressroom) -> None:
    """A section that the model will not write ends as a dead letter that says so."""
    pressroom.stack.llm.add_faults({"kind": "refusal", "section": "where_you_stand"})
    order = pressroom.buy()
    pressroom.until("death", lambda: pressroom.db.dead_letters.find_one({"order": order}))
    assert "refused, 3 times" in dead(pressroom)[0]["error"]
    assert pressroom.db.ledger.count_documents({"order": order, "outcome": "refused"}) == 3


def test_a_provider_that_stumbles_kills_no_section(pressroom: Pressroom) -> None:
    """Errors that pass cost a pause: 429, 500 and a cut line end in a delivered order without a dead letter."""
    pressroom.stack.llm.add_faults(
        {"status": 429, "retry_after": 0.2, "section": "where_you_stand", "times": 1},
        {"status": 500, "section": "what_pulls_you", "times": 2},
        {"kind": "reset", "section": "question_beneath", "times": 1},
    )
    order = pressroom.buy()
    shown = pressroom.until_delivered(order)
    # Nobody knows whether what the cut line would have brought was paid.
    assert (shown["llm"]["settled"], shown["llm"]["possibly_paid"]) == (7, 1)
    assert pressroom.db.dead_letters.count_documents({}) == 0


def test_a_step_that_kills_every_worker_is_given_up(pressroom: Pressroom) -> None:
    """A claim that has cost seven processes their lives is not handed to more than one other."""
    pressroom.stack.llm.set_latency(20)
    order = pressroom.buy()
    held = {"order": order, "kind": "write", "state": "claimed"}
    pressroom.until("claims", lambda: pressroom.db.steps.count_documents(held) == 4)
    poison = pressroom.db.steps.find_one(held)
    assert poison is not None
    pressroom.db.steps.update_one({"_id": poison["_id"]}, {"$set": {"kills": 7}})
    pressroom.part("worker-life_clarity").kill()
    pressroom.until("death", lambda: pressroom.db.dead_letters.find_one({"step": poison["_id"]}))
    assert "8 processes" in dead(pressroom)[0]["error"]


def test_a_refused_address_is_mended_by_an_operator(pressroom: Pressroom) -> None:
    """A letter that the mail server will never take is a state that the operator sees; readdressed, it arrives."""
    pressroom.stack.inbox.add_fault(code=550, address=pressroom.email)
    order = pressroom.buy()
    shown = pressroom.until("attention", lambda: attention(pressroom, order))
    assert shown["attention"] == "The completion mail was refused: 550."
    assert pressroom.email not in pressroom.part("worker-bundle").output()
    assert [(mail["kind"], mail["state"]) for mail in shown["mails"]] == [("completion", "refused")]
    assert pressroom.letters(order) == []
    right = f"right.{pressroom.email}"
    pressroom.cli("orders", "readdress", order, right, "--reason", "she wrote to us")
    shown = pressroom.until_delivered(order)
    assert (shown["attention"], shown["mails_refused"], dead(pressroom)) == (None, [], [])
    (letter,) = pressroom.stack.inbox.letters(to=right)
    assert letter.headers["Message-ID"] == shown["mails"][0]["message_id"]


def test_a_quote_is_what_then_happens(pressroom: Pressroom) -> None:
    """As many calls as quoted reach the provider, as many mails the customer, and done twice it is refused."""
    section = "what_pulls_you"
    pressroom.stack.llm.add_faults({"status": 400, "section": section})
    order = pressroom.buy()
    pressroom.until("attention", lambda: attention(pressroom, order))
    all_but_one = {"order": order, "kind": "write", "state": "done"}
    pressroom.until("the rest", lambda: pressroom.db.steps.count_documents(all_but_one) == 3)
    pressroom.stack.llm.clear_faults()
    for args, calls, mails in (((), 1, "1 completion"), (("--from", "next_six_weeks"), 1, "none")):
        quote = pressroom.cli("orders", "replay", order, *args, "--reason", "x", "--dry-run")
        assert fields_of(quote)["calls to make"] == str(calls)
        assert fields_of(quote)["mails"] == mails
    before = len(pressroom.stack.llm.requests(order=order))
    pressroom.cli("orders", "replay", order, "--reason", "mended", "--yes")
    pressroom.until_delivered(order)
    assert len(pressroom.stack.llm.requests(order=order)) == before + 1
    assert len(pressroom.letters(order)) == 1
    assert "nothing to replay" in pressroom.cli("orders", "replay", order, "--reason", "x", "--yes", code=1)


def fields_of(text: str) -> dict[str, str]:
    """Return the fields that a command printed, by their names."""
    pairs = (line.split("  ", 1) for line in text.splitlines() if "  " in line)
    return {name.strip(): value.strip() for name, value in pairs}


def test_bulk_work_outlives_a_sweep(pressroom: Pressroom) -> None:
    """Two dozen orders die of one cause; their replay goes on after a kill -9, and each section is bought once."""
    pressroom.stack.llm.add_faults({"status": 400, "section": "where_you_stand"})
    orders = [pressroom.buy() for _ in range(24)]
    pressroom.until("deaths", lambda: pressroom.db.dead_letters.count_documents({}) == len(orders))
    pressroom.stack.llm.clear_faults()
    (group,) = pressroom.json("dead", "groups")
    assert (group["letters"], group["product"], group["paid"]) == (24, QUEUE, {"usd": 24 * 1900})
    begun = pressroom.cli("dead", "replay", "--group", group["group"], "--reason", "mended", "--yes")
    pressroom.until("a beginning", lambda: pressroom.db.dead_letters.count_documents({"state": "replayed"}))
    pressroom.part("sweep").kill()
    pressroom.start("sweep")
    pressroom.until("its end", lambda: pressroom.db.bulks.find_one({"state": "done"}))
    view = pressroom.json("bulk", "show", begun.splitlines()[-1].split()[0])
    assert (view["done"], view["failed"], view["left"]) == (24, 0, 0)
    written = {"section": "where_you_stand", "outcome": "written", "run": 2}
    pressroom.until("calls", lambda: pressroom.db.ledger.count_documents(written) == len(orders))
    assert pressroom.db.steps.count_documents({"section": "where_you_stand", "run": 2}) == len(orders)
