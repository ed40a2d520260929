"""What the outside world has recorded of a system: the till, the mail, the provider, the operators."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

from actors.products.catalogue import MAIL_QUEUE
from infra.local.llm.exchange import Record
from infra.local.mail.letters import Letter
from infra.local.stack import Stack
from storage.grouping import grouped
from tests import plain_http
from tests.infra.local.stripe_client import connect

_LINK = re.compile(r"https?://\S+/reports/\w+\.pdf")
_FETCHES = 4
#: The time that an answer may take from the provider to a record of it.
_SETTLING_S = 2.0
#: The time that the mail server's answer to a letter may take to a record of it.
_ANSWER_S = 1.0


class Accident(NamedTuple):
    """Time in which a worker died or stood still, in Unix time: what it had in the air was lost, or may be.

    `product` is its queue. `calls` are those that it had claims for, by their requests. It is None if that is not
    known: any of its product's may have been its then. Of the mail's queue it is also a time in which the mail
    server's answers were lost.
    """

    product: str
    began: float
    ended: float
    calls: frozenset[str] | None = None

    def may_have_lost(self, call: Record) -> bool:
        """Return whether it may have had the answer to a call in the air."""
        if self.calls is not None:
            return call.request_id in self.calls
        ended = (call.finished_at or float("inf")) + _SETTLING_S
        return self.product == call.product and call.started_at <= self.ended and self.began <= ended


class Paid(NamedTuple):
    """Session that was paid. Amounts are in the smallest unit."""

    email: str
    amount: int
    refunded: int


@dataclass(frozen=True)
class World:
    """Records of everybody but the system itself, by order.

    `files` are the hashes of what links in letters bring, None where they bring nothing. `posts` are the orders
    named to the operators' webhook, `mails` those named in mails to them.
    """

    paid: Mapping[str, Paid]
    letters: Mapping[str, Sequence[Letter]]
    calls: Mapping[str, Sequence[Record]]
    files: Mapping[str, str | None]
    posts: str
    mails: str
    accidents: Sequence[Accident] = ()

    def completions(self, order: str) -> list[Letter]:
        """Return the completion mails of an order."""
        return [one for one in self.letters.get(order, ()) if one.headers["X-Pressroom-Mail"] == "completion"]

    def in_the_air(self, call: Record) -> bool:
        """Return whether a call was under way at an accident of its holder's, or its answer had just come."""
        return any(one.may_have_lost(call) for one in self.accidents)

    def is_in_doubt(self, letter: Letter) -> bool:
        """Return whether the answer to a letter was lost at an accident of the mail's, or may have been."""
        at = datetime.fromisoformat(letter.received_at).timestamp()
        own = (one for one in self.accidents if one.product == MAIL_QUEUE)
        return any(one.began - _ANSWER_S <= at <= one.ended + _ANSWER_S for one in own)

    def how_far_apart(self, call: Record) -> str:
        """Return how far a call was from the accidents of its product's, for who asks why it counts as none's."""
        own = [one for one in self.accidents if one.product == call.product]
        ended = call.finished_at or float("inf")
        before = min((call.started_at - one.ended for one in own if one.ended < call.started_at), default=None)
        after = min((one.began - ended for one in own if one.began > ended), default=None)
        fate = f"status {call.status}, fault {call.fault}, caller gone: {call.client_gone}"
        return f"{before} s after one, {after} s before another; {fate}"


def look_around(
    stack: Stack,
    since: datetime,
    posts: Iterable[Mapping[str, Any]],
    accidents: Sequence[Accident] = (),
) -> World:
    """Ask everybody, the till of what was opened since then. `posts` are those to the operators' webhook.

    Letters about older sessions are those of other systems, and are left.
    """
    paid = paid_sessions(stack, since)
    letters = [one for one in stack.inbox.letters() if "X-Pressroom-Mail" in one.headers]
    by_kind = grouped(letters, lambda one: one.headers["X-Pressroom-Mail"])
    alerts = by_kind.pop("alert", [])
    others = chain.from_iterable(by_kind.values())
    to_customers = [one for one in others if one.headers["X-Pressroom-Order"] in paid]
    return World(
        paid=paid,
        letters=grouped(to_customers, lambda one: one.headers["X-Pressroom-Order"]),
        calls=grouped(stack.llm.requests(), attrgetter("order")),
        files=fetched({link for one in to_customers for link in links_of(one)}),
        posts="\n".join(f"{post['order']} {post['text']}" for post in posts),
        mails="\n".join(one.text for one in alerts),
        accidents=accidents,
    )


def links_of(letter: Letter) -> list[str]:
    """Return the links to reports in a letter."""
    return _LINK.findall(letter.text)


def fetched(links: Iterable[str]) -> dict[str, str | None]:
    """Return the hash of the file behind each link, None if there is none."""

    def fetch(link: str) -> str | None:
        answer = plain_http.get(link, follow_redirects=True, timeout=60)
        return hashlib.sha256(answer.content).hexdigest() if answer.status_code == 200 else None

    wanted = sorted(links)
    with ThreadPoolExecutor(_FETCHES) as pool:
        return dict(zip(wanted, pool.map(fetch, wanted), strict=True))


def paid_sessions(stack: Stack, since: datetime) -> dict[str, Paid]:
    """Return the sessions that were opened since then and paid."""
    client: Any = connect(stack)
    charges = client.v1.charges.list({"limit": 100}).auto_paging_iter()
    refunded = {charge.payment_intent: charge.amount_refunded for charge in charges}
    wanted = {"limit": 100, "status": "complete", "created": {"gte": int(since.timestamp())}}
    sessions = client.v1.checkout.sessions.list(wanted).auto_paging_iter()
    return {
        one.id: Paid(one.customer_details.email, one.amount_total, refunded[one.payment_intent])
        for one in sessions
        if one.payment_status == "paid"
    }
