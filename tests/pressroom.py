"""Pressroom's processes in the hands of a test, and their effects on the outside world."""

import hashlib
import json
import re
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx2
import redis
import stripe
from pymongo import MongoClient
from stripe import WebhookSignature

from infra.links import Links
from infra.local.environment import outer_environment
from infra.local.mail.letters import Letter
from infra.local.part import Begin, Part, begin_process
from infra.local.seaweedfs import s3_client
from infra.local.stack import Stack
from infra.settings import read_settings
from tests import commands, plain_http, warm

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

Found = TypeVar("Found")

#: The time after which an awaited state counts as never coming: a busy machine is none of our faults.
PATIENCE_S = 180.0
PRESSROOM = (str(Path(sys.executable).parent / "pressroom"),)
#: The same, with the products of tests.products sold beside the others.
WITH_TEST_PRODUCTS = (sys.executable, "-m", "tests.products")
ANSWERS = {"name": "Ada Byron", "question": "Shall I go?"}


class Pressroom:
    """Processes of one test: a database and a Redis database of their own, without traces of earlier tests.

    They are forked from one that has its imports behind it.
    """

    begin: Begin = staticmethod(warm.begin)

    def __init__(self, stack: Stack, program: Sequence[str] = PRESSROOM, **env: str) -> None:
        """Prepare the processes of the command `program`. `env` lies over the stack's settings."""
        self.stack = stack
        self.program = program
        #: The address of the web process.
        self.door = stack.urls.web
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.env = {"GRACE_S": "5", **env}
        self.env["MONGODB_URL"] = stack.env["MONGODB_URL"].replace("/pressroom?", f"/{name}?")
        self.email = f"{name}@customer.example"
        self.parts: list[Part] = []
        self._mongo: MongoClient[dict[str, Any]] = MongoClient(self.env["MONGODB_URL"], tz_aware=True)
        self.db = self._mongo[name]
        self.redis = redis.Redis.from_url({**stack.env, **self.env}["REDIS_URL"])
        self.redis.flushdb()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for part in self.parts:
            part.ask_to_stop()
        for part in self.parts:
            part.wait_stopped(10)
        self._mongo.drop_database(self.db.name)
        self._mongo.close()
        self.redis.close()

    def start(self, *args: str, wait: bool = True, **env: str) -> Part:
        """Start one process, as `pressroom ARGS…`."""
        part = self.stack.pressroom(*args, env={**self.env, **env}, program=self.program, begin=self.begin)
        self.parts.append(part)
        if wait:
            part.wait_ready()
        return part

    def start_missing(self) -> None:
        """Start web, sweep and one worker a queue where they do not run, and wait until all are ready."""
        commands = (("web",), ("sweep",), ("worker", "life_clarity"), ("worker", "bundle"))
        given = [part.command[len(self.program) :] for part in self.parts if part.running]
        running = {tuple(args[: 2 if args[0] == "worker" else 1]) for args in given}
        started = [self.start(*command, wait=False) for command in commands if command not in running]
        for part in started:
            part.wait_ready()

    def forget(self) -> None:
        """Forget the work and the faults of earlier tests. Work still in a process's hands ends in nothing.

        What processes say of themselves stays: a sweep whose latest turn is forgotten counts as missing.
        """
        self.stack.llm.clear_faults()
        self.stack.inbox.clear_faults()
        self.stack.llm.set_latency(0.05)
        self.stack.llm.set_brevity(brief=True)
        for name in set(self.db.list_collection_names()) - {"workers", "sweeps", "plans"}:
            self.db[name].delete_many({})
        self.redis.flushdb()

    def pretend_to_sweep(self) -> None:
        """Record a turn of a sweep that never grows old, so that processes miss none where a test runs none."""
        turned = {"turned_at": datetime(9999, 1, 1, tzinfo=UTC)}
        self.db.sweeps.update_one({"_id": "sweep"}, {"$set": turned}, upsert=True)

    def part(self, name: str) -> Part:
        """Return the running process of that name, such as `web` or `worker-life_clarity`."""
        return next(part for part in reversed(self.parts) if part.name.startswith(name) and part.running)

    def cli(self, *args: str, code: int = 0) -> str:
        """Run a command, which must end with that exit code. Returns its output."""
        done = commands.run({**outer_environment(), **self.stack.env, **self.env}, self.program, *args)
        assert done.code == code, done.out + done.err
        return done.out if code == 0 else done.err

    def json(self, *args: str) -> Any:
        """Run a command with `--json`. Returns its output."""
        return json.loads(self.cli(*args, "--json"))

    def event(self, **session: Any) -> dict[str, Any]:
        """Return a `checkout.session.completed` event in its real shape, with a session of its own."""
        fixture = Path(__file__).parent / "fixtures" / "checkout.session.completed.json"
        event: dict[str, Any] = json.loads(fixture.read_text())
        unique = uuid.uuid4().hex
        event["id"] = f"evt_{unique}"
        event["created"] = int(time.time())
        event["data"]["object"] |= {
            "id": f"cs_test_{unique}",
            "payment_intent": f"pi_{unique}",
            "customer_details": {"email": self.email},
            "amount_subtotal": 1900,
            "currency": "usd",
            "metadata": {"product": "life_clarity", **ANSWERS},
            **session,
        }
        return event

    def send(self, event: dict[str, Any] | bytes, **headers: str) -> httpx2.Response:
        """Deliver an event to the webhook, signed as Stripe signs."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        secret = self.stack.env["STRIPE_WEBHOOK_SECRET"]
        signature = WebhookSignature.generate_signature_header(body.decode(), secret)
        headers = {"Stripe-Signature": signature, **headers}
        return plain_http.post(f"{self.door}/webhooks/stripe", content=body, headers=headers, timeout=10)

    def buy(self, **session: Any) -> str:
        """Deliver a paid order of life_clarity, and return its id."""
        event = self.event(**session)
        assert self.send(event).status_code == 200
        return str(event["data"]["object"]["id"])

    def checkout(self, form: dict[str, str]) -> str:
        """Fill in the shop's form and go to the checkout. Returns the session."""
        till = plain_http.post(f"{self.stack.urls.web}/checkout", data=form, timeout=30)
        assert till.status_code == 303
        session: str = till.headers["location"].rpartition("/")[2]
        return session

    def refund(self, session: str, amount: int | None = None) -> str:
        """Refund a session at Stripe, all of it if no amount is given. Returns the refund."""
        addresses: Any = {"api": self.stack.env["STRIPE_API_BASE"]}
        client = stripe.StripeClient(self.stack.env["STRIPE_API_KEY"], base_addresses=addresses)
        intent = str(client.v1.checkout.sessions.retrieve(session).payment_intent)
        wanted: Any = {"payment_intent": intent, **({"amount": amount} if amount else {})}
        return client.v1.refunds.create(wanted).id

    def order(self, order: str) -> Any:
        """Return `pressroom orders show`, by the order's own page where that is quicker."""
        return self.json("orders", "show", order)

    def letters(self, order: str) -> list[Letter]:
        """Return the letters about an order."""
        return [one for one in self.stack.inbox.letters(to=self.email) if order in one.headers.values()]

    def until(self, what: str, look: Callable[[], Found], patience_s: float = PATIENCE_S) -> Found:
        """Look again and again until there is a result. The test fails if that takes too long."""
        deadline = time.monotonic() + patience_s
        while not (found := look()):
            assert time.monotonic() < deadline, f"{what} did not happen within {patience_s} s"
            time.sleep(0.05)
        return found

    def until_delivered(self, order: str, patience_s: float = PATIENCE_S) -> Any:
        """Return the order as shown once it is delivered."""

        def delivered() -> Any:
            found = self.db.orders.find_one({"_id": order})
            return found and found["delivered_at"]

        self.until("delivery", delivered, patience_s)
        return self.order(order)

    def book(self, order: str, product: str = "life_clarity") -> bytes:
        """Return the PDF that the one letter about an order links to."""
        letters = self.letters(order)
        assert len(letters) == 1
        link = re.search(rf"https?://\S+/reports/{product}\.pdf", letters[0].text)
        assert link is not None
        answer = plain_http.get(link[0], follow_redirects=True, timeout=30)
        assert answer.status_code == 200
        return answer.content

    def links(self) -> Links:
        """Return what makes and reads the links of these processes."""
        return Links(read_settings({**outer_environment(), **self.stack.env, **self.env}))

    def s3(self) -> "S3Client":
        """Return a client of the stack's object store."""
        return s3_client(self.stack.env)

    def stored(self, key: str) -> bytes:
        """Return an object of the bucket."""
        return self.s3().get_object(Bucket=self.stack.env["S3_BUCKET"], Key=key)["Body"].read()


class ColdPressroom(Pressroom):
    """Pressroom whose processes start as at an operator's: with nothing imported beforehand."""

    begin = staticmethod(begin_process)


def sha256(data: bytes) -> str:
    """Return the digest in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
