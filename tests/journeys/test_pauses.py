"""A pause in the middle of business: what it is about waits and is delivered once, the rest does not notice."""

from datetime import UTC, datetime, timedelta

from tests.pressroom import Pressroom

SUBJECT = "product:life_clarity"
WHY = ("--reason", "a wrong prompt")


def put_off(pressroom: Pressroom, order: str) -> bool:
    """Whether the order's report, or all of its sections, lie still."""
    later = {"$gt": datetime.now(UTC) + timedelta(minutes=5)}
    unbegun = {"order": order, "state": "queued", "check_at": later}
    sections = {"order": order, "kind": "write", "state": "queued", "due_at": later}
    return bool(pressroom.db.reports.count_documents(unbegun)) or pressroom.db.steps.count_documents(sections) == 4


def delivered_once(pressroom: Pressroom, order: str) -> None:
    """Wait for the order, which has one letter, and four calls."""
    shown = pressroom.until_delivered(order)
    assert (len(pressroom.letters(order)), shown["llm"]["attempts"]) == (1, 4)


def test_a_paused_products_order_goes_on_when_it_is_resumed(pressroom: Pressroom) -> None:
    """It is taken, and lies still though a worker is killed meanwhile and a second one starts; then it is made."""
    pressroom.cli("pauses", "begin", SUBJECT, "--for", "2d", *WHY)
    orders = [pressroom.buy() for _ in range(3)]
    pressroom.until("orders that lie still", lambda: all(put_off(pressroom, order) for order in orders))
    pressroom.part("worker-life_clarity").kill()
    others = [pressroom.start("worker", "life_clarity") for _ in range(2)]
    assert pressroom.order(orders[0])["llm"]["attempts"] == 0
    pressroom.cli("pauses", "end", SUBJECT, *WHY)
    for order in orders:
        delivered_once(pressroom, order)
    others[0].terminate()
    assert pressroom.json("pauses", "list") == []


def test_a_paused_provider_waits_to_its_end_and_no_longer(pressroom: Pressroom) -> None:
    """The order's sections are bought after the pause's own end, without anybody's word."""
    end = datetime.now(UTC) + timedelta(seconds=6)
    pressroom.cli("pauses", "begin", "provider", "--for", end.isoformat(), *WHY)
    order = pressroom.buy()
    delivered_once(pressroom, order)
    (first,) = pressroom.db.ledger.find({"order": order}).sort("opened_at").limit(1)
    assert first["opened_at"] >= end - timedelta(milliseconds=1)


def test_another_products_orders_do_not_notice(pressroom: Pressroom) -> None:
    """An order is delivered while another product, and another brand, are paused."""
    pressroom.cli("pauses", "begin", "product:personal_horoscope", "--for", "2d", *WHY)
    delivered_once(pressroom, pressroom.buy())
    pressroom.cli("pauses", "end", "product:personal_horoscope", *WHY)
