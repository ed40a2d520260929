"""Bugs that are planted into a system whose orders are all well, each into an order of its own."""

import json
import subprocess
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from smtplib import SMTP
from typing import Any

from actors.audit.evidence import Kind, Violation
from infra.local.mail.letters import Letter
from storage.alerts import alert_id
from tests import plain_http
from tests.audit.till import Till
from tests.audit.world import World
from tests.families import Process, family
from tests.pressroom import Pressroom

Plant = Callable[["Garden", str], None]


class Garden:
    """System into which bugs are planted. Its workers and its sweep are not there, so that none is mended."""

    def __init__(self, pressroom: Pressroom) -> None:
        """Plant nothing yet. What Stripe has to tell is told to nobody."""
        self.pressroom, self.db, self.stack = pressroom, pressroom.db, pressroom.stack
        #: What processes that have ended had started.
        self.started: set[Process] = set()
        self.stack.stripe.hold_deliveries()

    def pdf(self, order: str) -> Any:
        """Return the record of an order's PDF."""
        report: Any = self.db.reports.find_one({"order": order})
        return report["pdf"]

    def section(self, order: str) -> Any:
        """Return one of an order's written sections."""
        return self.db.steps.find_one({"order": order, "kind": "write", "seq": 0})

    def ask_provider(self, step: Any, request: str) -> str:
        """Ask the provider for a section once more, under that id. Returns the text."""
        labels = {"order": step["order"], "product": step["product"], "section": step["section"]}
        headers = {
            "Authorization": f"Bearer {self.stack.env['OPENAI_API_KEY']}",
            "X-Client-Request-Id": request,
        }
        body = {"model": "gpt-5-mini", "input": "Again.", "metadata": labels, "max_output_tokens": 1000}
        url = f"{self.stack.env['OPENAI_BASE_URL']}/responses"
        answer = plain_http.post(url, json=body, headers=headers, timeout=30).json()
        return str(answer["output"][-1]["content"][0]["text"])

    def add_purchase(self, step: Any, settled_after: timedelta) -> str:
        """Add a purchase that was made before a section's own. Returns the text that the provider gave for it."""
        own: Any = self.db.ledger.find_one({"step": step["_id"]})
        earlier = f"{step['_id']}:1"
        opened_at = own["opened_at"] - timedelta(minutes=1)
        times = {"opened_at": opened_at, "settled_at": own["opened_at"] + settled_after}
        self.db.ledger.insert_one({**own, "_id": earlier, **times, "cost_usd": 0.125})
        return self.ask_provider(step, earlier)


def double_mail(garden: Garden, order: str) -> None:
    """Deliver the completion mail once more."""
    (letter,) = _completions(garden, order)
    garden.db.deliveries.update_one({"order": order, "kind": "completion"}, {"$inc": {"tries": 1}})
    send_again(garden.pressroom, letter)


def _completions(garden: Garden, order: str) -> list[Letter]:
    letters = [one for one in garden.stack.inbox.letters() if one.headers.get("X-Pressroom-Order") == order]
    return [one for one in letters if one.headers["X-Pressroom-Mail"] == "completion"]


def send_again(pressroom: Pressroom, letter: Letter) -> None:
    """Hand a letter to the mail server as it came."""
    port = int(pressroom.stack.env["MAIL_URL"].rpartition(":")[2])
    kept = {name: text for name, text in letter.headers.items() if name.startswith(("X-Press", "Message", "Subj"))}
    head = "".join(f"{name}: {text}\r\n" for name, text in kept.items())
    with closing(SMTP("127.0.0.1", port, local_hostname="localhost")) as line:
        line.sendmail("reports@pressroom.example", letter.recipients, f"{head}\r\n{letter.text}".encode())


def lose_order(garden: Garden, order: str) -> None:
    """Forget that it was ever placed."""
    garden.db.orders.delete_one({"_id": order})


def swallow_alert(garden: Garden, order: str) -> None:
    """Count an alert as told that nobody got."""
    now = datetime.now(UTC)
    facts = {"kind": "overdue", "order": order, "event": None, "text": "Late.", "at": now, "seen": ["x"]}
    told = {"state": "told", "told": ["mail", "hook"], "heard": ["x"], "due_at": now}
    garden.db.alerts.insert_one({"_id": alert_id("overdue", order=order), **facts, **told})


def call_nobody(garden: Garden, order: str) -> None:
    """Let it wait for an operator who was not called."""
    waiting = {"attention": "A step is dead.", "delivered_at": None}
    garden.db.orders.update_one({"_id": order}, {"$set": waiting})


def buy_twice(garden: Garden, order: str) -> None:
    """Buy a section again that was there."""
    garden.add_purchase(garden.section(order), timedelta(seconds=-30))


def change_file(garden: Garden, order: str) -> None:
    """Let the letter's link bring another file than was bound."""
    bucket = garden.stack.env["S3_BUCKET"]
    garden.pressroom.s3().put_object(Bucket=bucket, Key=garden.pdf(order)["object"], Body=b"%PDF-1.7 another")


def lose_file(garden: Garden, order: str) -> None:
    """Let S3 lose the PDF."""
    bucket = garden.stack.env["S3_BUCKET"]
    garden.pressroom.s3().delete_object(Bucket=bucket, Key=garden.pdf(order)["object"])


def refund_and_send(garden: Garden, order: str) -> None:
    """End it with a refund, after its reports were sent."""
    Till(garden.stack).give_back(order)
    refunded = {"letter": "refund", "stopped": True, "amount_refunded": 1900}
    garden.db.orders.update_one({"_id": order}, {"$set": refunded})


def refund_in_words(garden: Garden, order: str) -> None:
    """Count it as refunded, and leave the money where it is."""
    refunded = {"letter": "refund", "stopped": True, "delivered_at": None, "amount_refunded": 1900}
    garden.db.orders.update_one({"_id": order}, {"$set": refunded})
    delivery = {"_id": f"{order}:refund", "order": order, "kind": "refund", "state": "sent", "tries": 1}
    garden.db.deliveries.insert_one({**delivery, "message_id": "<x@y>", "epoch": 2, "until": datetime.now(UTC)})
    garden.db.deliveries.update_one({"_id": f"{order}:completion"}, {"$set": {"state": "waiting"}})


def accept_stale_write(garden: Garden, order: str) -> None:
    """Give a section the answer of a holder who had lost it, and whose answer came last."""
    step = garden.section(order)
    text = garden.add_purchase(step, timedelta(seconds=30))
    stale = {"result.text": text, "result.cost_usd": 0.125, "kills": 1}
    garden.db.steps.update_one({"_id": step["_id"]}, {"$set": stale})


def forget_purchase(garden: Garden, order: str) -> None:
    """Lose an entry of the ledger."""
    garden.db.ledger.delete_one({"step": garden.section(order)["_id"]})


def strand(garden: Garden, order: str) -> None:
    """Let it lie since long ago, with nobody told."""
    since = datetime.now(UTC) - timedelta(hours=3)
    stranded = {"paid_at": since, "delivered_at": None, "stored_at": None, "letter": None}
    garden.db.orders.update_one({"_id": order}, {"$set": stranded})


def leave_message(garden: Garden, order: str) -> None:
    """Leave a message in Redis for work that is done."""
    message = {"actor_name": "write_section", "kwargs": {"order": order}}
    garden.pressroom.redis.hset("dramatiq:life_clarity.msgs", "left", json.dumps(message))


def leave_process(garden: Garden, _order: str) -> None:
    """Leave a process of an owner who has ended, in a session of its own."""
    owner = subprocess.Popen(["/bin/sh", "-c", "setsid sleep 60 & wait"])
    garden.pressroom.until("its child", lambda: family(owner.pid))
    garden.started |= family(owner.pid)
    owner.kill()
    owner.wait()


def link_to_another(garden: Garden, order: str) -> None:
    """Let its link bring the report of another customer."""
    other = garden.db.reports.find_one({"order": {"$ne": order}, "state": "stored"})
    assert other is not None
    garden.db.reports.update_one({"order": order}, {"$set": {"pdf.object": other["pdf"]["object"]}})


#: Each with the kinds of violation that it must be found as.
BUGS: dict[str, tuple[Plant, set[Kind]]] = {
    "a doubled mail": (double_mail, {"mail"}),
    "a lost order": (lose_order, {"lost"}),
    "a swallowed alert": (swallow_alert, {"untold"}),
    "an operator who was not called": (call_nobody, {"silent"}),
    "a section bought twice": (buy_twice, {"purchase"}),
    "another file behind the mail's link": (change_file, {"book", "mail"}),
    "a PDF that S3 lost": (lose_file, {"book", "mail"}),
    "a refund and the reports": (refund_and_send, {"ending"}),
    "a refund that Stripe never made": (refund_in_words, {"ending"}),
    "a stale write": (accept_stale_write, {"stale", "purchase"}),
    "a purchase that the ledger lacks": (forget_purchase, {"ledger"}),
    "an order that lies still": (strand, {"silent"}),
    "a message that is left": (leave_message, {"left"}),
    "a process that is left": (leave_process, {"left"}),
    "a link to another customer's report": (link_to_another, {"book", "mail"}),
}


def plant_all(pressroom: Pressroom, orders: Mapping[str, str]) -> Garden:
    """Plant each bug into the order that is named for it. Workers and sweep end first."""
    for part in pressroom.parts:
        if not part.name.startswith("web"):
            part.terminate(within_s=10)
    garden = Garden(pressroom)
    for bug, (plant, _) in BUGS.items():
        plant(garden, orders[bug])
    return garden


def calm_orders(pressroom: Pressroom, world: World) -> dict[str, str]:
    """Return, for each bug, a delivered order of life_clarity of which no call and no letter was lost."""
    delivered = pressroom.db.orders.find({"product": "life_clarity", "delivered_at": {"$ne": None}}, {"_id": 1})
    calm = (
        one["_id"]
        for one in delivered
        if _is_calm(pressroom, one["_id"]) and not any(map(world.is_in_doubt, world.completions(one["_id"])))
    )
    return dict(zip(BUGS, calm, strict=False))


def _is_calm(pressroom: Pressroom, order: str) -> bool:
    troubled = {"order": order, "$or": [{"kills": {"$gt": 0}}, {"fails": {"$gt": 0}}]}
    bought = pressroom.db.ledger.count_documents({"order": order})
    return bought == 4 and not pressroom.db.steps.count_documents(troubled)


def found_bugs(orders: Mapping[str, str], found: Iterable[Violation]) -> list[str]:
    """Return the bugs that were found: each promise that they break, of their orders."""
    broken = {(violation.order, violation.kind) for violation in found}

    def is_found(bug: str) -> bool:
        order = None if bug == "a process that is left" else orders[bug]
        return {(order, kind) for kind in BUGS[bug][1]} <= broken

    return [bug for bug in BUGS if is_found(bug)]
