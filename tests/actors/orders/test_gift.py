"""Gifts: made at once, sent on their day and to their recipient alone, whoever else does what meanwhile."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actors.audit.endings import judge_ending
from actors.audit.evidence import Evidence
from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.intake.gift import gift_of
from actors.orders.customers.withdrawal import withdraw
from actors.orders.errands.registry import run_errand
from actors.orders.operators.mails import readdress_order
from actors.products.catalogue import OFFERS
from handlers.views.customer import customer_view
from handlers.views.orders import order_view
from handlers.views.search import search
from handlers.views.work import work_view
from infra.tenants import MAIN, Tenant, Tenants
from storage.order_state import order_state
from storage.orders import OrderDoesNotExist
from tests.actors.builders import ORDER, alerts, messages, place, present, sweep, working
from tests.actors.orders.gifts import BUYER, BY, DAY, PAID_AT, READER, SESSION, made, on_its_day
from tests.actors.post import Mailer
from tests.conftest import StoppedClock
from tests.customer import customer_of
from tests.infra.mail.letters import arrived

pytestmark = pytest.mark.anyio


async def test_a_gift_is_made_at_once_and_sent_on_its_day(
    deps: Deps, worker: WorkDeps, mailer: Mailer, clock: StoppedClock
) -> None:
    """It waits, neither late nor looked at again; then the sweep has one letter sent, to whom it is for."""
    order = await made(deps, clock)
    assert (order_state(order, ()), "confirm_order" in order["errands"]) == ("scheduled", True)
    for errand in ("confirm_order", "complete_order", "check_promise"):
        await run_errand(worker, errand, ORDER)
    assert [(one.kind, one.recipient) for one in mailer.letters] == [("confirmation", BUYER)]
    for _ in range(2):
        clock.moment = order["gift"]["at"] - timedelta(seconds=1)
        await sweep(deps)
        deps.broker.client.flushdb()
        await sweep(deps)
        order = await present(deps)
        assert (messages(deps, "bundle"), order["errands_at"]) == ([], order["gift"]["at"])
    work = await work_view(deps)
    assert (work["orders"], work["orders_late"], work["errands_late"]) == ({"scheduled": 1}, 0, 0)
    assert list(judge_ending(Evidence(order), clock.now())) == []
    await on_its_day(worker, clock)
    await run_errand(worker, "complete_order", ORDER)
    assert [(one.kind, one.recipient) for one in mailer.letters[1:]] == [("completion", READER)]
    assert order_state(await present(deps), ()) == "delivered"
    assert await alerts(deps, "overdue") == 0


async def test_a_bundle_for_its_own_buyer_is_one_letter_on_the_day(
    deps: Deps, worker: WorkDeps, mailer: Mailer, clock: StoppedClock
) -> None:
    """The last report of three brings nothing before the day; then eight workers send one letter of all."""
    bundle = {"product": "bundle", "birth_date": "1988-04-17", "birth_place": "London"}
    metadata = {"metadata": SESSION["metadata"] | bundle, "amount_subtotal": OFFERS["bundle"].price}
    await made(deps, clock, session=metadata, email=BUYER)
    await run_errand(worker, "complete_order", ORDER)
    assert mailer.letters == []
    clock.moment = DAY
    await asyncio.gather(*(run_errand(worker, "complete_order", ORDER) for _ in range(8)))
    (letter,) = mailer.letters
    assert (letter.recipient, letter.text.count(".pdf"), letter.text.count("/gifts/")) == (BUYER, 3, 4)


async def test_a_day_that_comes_and_brings_no_letter_is_seen(
    deps: Deps, worker: WorkDeps, mailer: Mailer, clock: StoppedClock
) -> None:
    """After an hour it counts as late, and from its day on as waiting; where no alert names it, the audit does."""
    mailer.busy = True
    order = await made(deps, clock)
    clock.moment = order["gift"]["at"] + timedelta(hours=1)
    assert (await work_view(deps))["orders_late"] == 0
    clock.forward(3600)
    assert (await work_view(deps))["orders_late"] == 1
    (violation,) = judge_ending(Evidence(order), clock.now())
    assert violation.kind == "silent"
    await run_errand(worker, "complete_order", ORDER)
    work = await work_view(deps)
    assert (work["orders"], work["oldest_s"]) == ({"delivering": 1}, {"delivering": 7200.0})


async def test_each_has_the_letters_that_are_theirs(
    deps: Deps, worker: WorkDeps, mailer: Mailer, clock: StoppedClock
) -> None:
    """The buyer is greeted as the giver and told the day; the recipient by the report's name, with other links."""
    await made(deps, clock)
    await run_errand(worker, "confirm_order", ORDER)
    await on_its_day(worker, clock)
    confirmation, gift = mailer.letters
    assert confirmation.text.startswith("Dear Ada,\n")
    assert f"Your gift goes to {READER} on Thursday, 24 December 2026" in " ".join(confirmation.text.split())
    assert gift.subject == "A gift for you from Ada: Life Clarity"
    assert gift.text.startswith("Dear Grace,\n")
    for text in (gift.text, gift.html):
        assert "Read it slowly." in text
        assert ("/gifts/" in text, "/orders/" in text, BUYER in text) == (True, False, False)


@pytest.mark.parametrize(
    "hostile", ["A\r\nBcc: spy@elsewhere.example", "<script>alert(1)</script>", "</blockquote><b>", "N" * 2000]
)
async def test_hostile_words_stay_words(
    deps: Deps, worker: WorkDeps, mailer: Mailer, clock: StoppedClock, hostile: str
) -> None:
    """Neither a giver's name nor a message makes a header or markup, in the letter or on the page."""
    answers = {"gift_address": READER, "gift_giver": hostile, "gift_message": hostile}
    gift = gift_of(answers, "UTC", clock.now())
    assert gift is not None
    facts: dict[str, Any] = {**gift, "at": PAID_AT}
    order = await made(deps, clock, **facts)
    await run_errand(worker, "complete_order", ORDER)
    (letter,) = mailer.letters
    assert "Bcc" not in arrived(letter)
    async with customer_of(deps, order, reads_gift=True) as reader:
        page = (await reader.get()).text
    for text in (letter.html, page):
        assert ("<script>alert" in text, "<b>" in text) == (False, False)


async def test_the_recipients_page_knows_nothing_of_the_purchase(
    deps: Deps, worker: WorkDeps, mailer: Mailer, clock: StoppedClock
) -> None:
    """No money, address or answer, and no way to withdraw; a link of one kind is none of the other."""
    deps = replace(deps, tenants=Tenants({MAIN: Tenant(id=MAIN, withdrawal_days=90, free_remake=True)}))
    order = await made(deps, clock)
    await on_its_day(worker, clock)
    async with customer_of(deps, order, reads_gift=True) as reader:
        page = (await reader.get()).text
        assert "A gift for you from <bdi>Ada</bdi>" in page
        assert f"/gifts/{order['token']}~" in page
        for theirs in (BUYER, READER, "/orders/", "ithdraw", "/answers", "$19", "19.00", ORDER, "pi_1", "Whither"):
            assert theirs not in page
        for path in (".json", "/events", "/answers", "/withdrawal", "/details"):
            assert (await reader.get(path)).status_code == 404
            assert (await reader.post(path, {})).status_code in {404, 405}
        assert (await reader.post("/resend", {})).status_code == 202
    await run_errand(worker, "resend_reports", ORDER)
    assert [(one.kind, one.recipient) for one in mailer.letters] == [("completion", READER), ("resend", READER)]
    async with customer_of(deps, order) as buyer, customer_of(deps, order, reads_gift=True) as reader:
        for one, wrong in ((buyer, "gifts"), (reader, "orders")):
            swapped = f"/{wrong}/{one.path.rpartition('/')[2]}"
            assert (await one.look(swapped)).status_code == 404
            assert (await one.look(f"{swapped}/reports/life_clarity/read")).status_code == 404


async def test_a_link_that_the_recipient_shares_opens_its_report_alone(
    deps: Deps, worker: WorkDeps, mailer: Mailer, clock: StoppedClock
) -> None:
    """The gift's page, its message and another mail are the recipient's, and the order is the buyer's."""
    order = await made(deps, clock)
    await on_its_day(worker, clock)
    (link,) = re.findall(r"https?://\S+/gifts/\S+/reports/life_clarity\.pdf", mailer.letters[0].text)
    cut, _, report = link.partition("/reports/")
    async with customer_of(deps, order, reads_gift=True) as friend:
        assert (await friend.look(link)).status_code != 404
        assert (await friend.look(cut)).status_code == 404
        assert (await friend.look(f"{cut.replace('/gifts/', '/orders/')}/reports/{report}")).status_code == 404
        friend.path = cut
        assert (await friend.post("/resend", {})).status_code == 404


async def test_a_gift_that_may_have_been_read_is_not_refunded_by_itself(deps: Deps, clock: StoppedClock) -> None:
    """Whoever withdraws once it is made, before its day, is answered by an operator, who sees what was opened."""
    order = await made(deps, clock)
    assert await withdraw(deps, order)
    order = await present(deps)
    assert (order["request"]["kind"], order["letter"], await alerts(deps, "request")) == ("withdrawal", None, 1)


async def test_the_buyers_page_says_the_day_and_keeps_its_rights(deps: Deps, clock: StoppedClock) -> None:
    """To whom it goes, and when; what is finished, and no lateness. The mail goes again only after the first."""
    deps = replace(deps, tenants=Tenants({MAIN: Tenant(id=MAIN, withdrawal_days=90)}))
    order = await made(deps, clock)
    clock.forward(24 * 3600)
    async with customer_of(deps, order) as buyer:
        page = (await buyer.get()).text
    assert "It is finished. Your gift waits for its day." in page
    assert f">{READER}</strong> on <strong>Thursday, 24 December 2026</strong>" in page
    assert "should have been ready" not in page
    assert "Download the PDF" in page
    assert "for you alone" not in page
    assert "Withdraw from contract here" in page
    assert "/resend" not in page


async def test_what_is_no_gift_has_no_recipient(deps: Deps) -> None:
    """An operator's slip is said, and changes nothing."""
    before = await place(deps)
    with pytest.raises(OrderDoesNotExist):
        await readdress_order(deps, ORDER, READER, BY, of_gift=True)
    async with customer_of(deps, before, reads_gift=True) as nobody:
        assert (await nobody.get()).status_code == 404
    assert await present(deps) == before


async def test_operators_see_a_gift_and_find_it_by_its_recipient(deps: Deps, clock: StoppedClock) -> None:
    """By the address and the link; its day in plain, and the person masked until somebody asks with a reason."""
    order = await made(deps, clock)
    assert (await order_view(deps, order))["gift_at"] == "2026-12-24T08:00:00.000Z"
    assert READER not in str(customer_view(deps, order))
    assert customer_view(deps, order, clear=True)["gift"] == {
        "email": READER,
        "giver": "Ada",
        "message": "Read it slowly.",
    }
    async with customer_of(deps, order, reads_gift=True) as reader:
        for text in (READER.upper(), reader.path, BUYER):
            assert [one["order_id"] for one in await search(deps, text)] == [ORDER]


@pytest.mark.parametrize(
    ("day", "zone", "at"),
    [
        ("2026-12-24", "UTC", datetime(2026, 12, 24, 8, tzinfo=UTC)),
        ("2026-07-01", "Europe/Berlin", datetime(2026, 7, 1, 6, tzinfo=UTC)),
        ("2026-12-24", "America/New_York", datetime(2026, 12, 24, 13, tzinfo=UTC)),
        ("2026-12-24", "Pacific/Kiritimati", datetime(2026, 12, 23, 18, tzinfo=UTC)),
        ("", "Europe/Berlin", datetime(2026, 3, 1, 12, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_eight_where_the_shop_is(clock: StoppedClock, day: str, zone: str, at: datetime) -> None:
    """By the clocks of the shop's zone, in summer and winter; without a day it has come already."""
    answers = {"gift_address": READER} | ({"gift_day": day} if day else {})
    gift = gift_of(answers, zone, clock.now())
    assert gift is not None
    assert gift["at"] == at


async def test_a_gift_that_was_paid_for_late_is_sent_when_it_is_ready(
    deps: Deps, mailer: Mailer, clock: StoppedClock
) -> None:
    """Its day has passed before the money came: nothing waits any longer than the work takes."""
    await made(deps, clock, at=PAID_AT - timedelta(days=3))
    await run_errand(working(deps, mailer), "complete_order", ORDER)
    assert [one.recipient for one in mailer.letters] == [READER]
