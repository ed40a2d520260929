"""One Stripe account: its sessions, its events, and the answers it remembers by idempotency key."""

import copy
import time

from infra.local.stripe_stub.errors import StripeStubError, no_such
from infra.local.stripe_stub.forms import Json
from infra.local.stripe_stub.sessions import complete_session, new_session
from infra.local.stripe_stub.webhooks import Webhooks, new_event


class Account:
    """Everything is kept in memory: a restart of the stub forgets it."""

    def __init__(self, webhooks: Webhooks, page_base: str) -> None:
        self._webhooks = webhooks
        self._page_base = page_base
        self._sessions: dict[str, Json] = {}
        self._items: dict[str, list[Json]] = {}
        self._events: dict[str, Json] = {}
        self._remembered: dict[str, tuple[Json, Json]] = {}

    def create_session(self, form: Json, idempotency_key: str | None) -> tuple[Json, bool]:
        """A new session, or the one that this key and these parameters made before; and which of both."""
        if idempotency_key is not None and idempotency_key in self._remembered:
            return self._remember(idempotency_key, form), True
        session, items = new_session({key: form[key] for key in form if key != "expand"}, self._page_base)
        self._sessions[session["id"]], self._items[session["id"]] = session, items
        if idempotency_key is not None:
            self._remembered[idempotency_key] = (form, copy.deepcopy(session))
        return session, False

    def pay(self, key: str, email: str, fields: dict[str, str]) -> Json:
        """Complete a session and send the event. Paying twice changes nothing and sends nothing."""
        session = self.session(key)
        if session["status"] == "open":
            complete_session(session, email, fields)
            self.emit("checkout.session.completed", session)
        return session

    def emit(self, kind: str, about: Json) -> Json:
        """Record an event and deliver it."""
        event = new_event(kind, about)
        self._events[event["id"]] = event
        self._webhooks.send(event)
        return event

    def resend(self, key: str, copies: int) -> None:
        """Deliver an event again, so many times at once."""
        self._webhooks.send(self.event(key), copies)

    def session(self, key: str) -> Json:
        """One session; 404 in Stripe's words if there is none."""
        if key not in self._sessions:
            raise no_such("checkout.session", key)
        session = self._sessions[key]
        if session["status"] == "open" and session["expires_at"] < time.time():
            session["status"], session["url"] = "expired", None
        return session

    def line_items(self, key: str) -> list[Json]:
        """What is sold in a session."""
        self.session(key)
        return self._items[key]

    def event(self, key: str) -> Json:
        """One event; 404 in Stripe's words if there is none."""
        if key not in self._events:
            raise no_such("event", key)
        return self._events[key]

    def sessions(self) -> list[Json]:
        """All sessions, the oldest first."""
        return list(self._sessions.values())

    def events(self) -> list[Json]:
        """All events, the oldest first."""
        return list(self._events.values())

    def _remember(self, key: str, form: Json) -> Json:
        first_form, answer = self._remembered[key]
        if first_form != form:
            raise StripeStubError(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were first used"
                f" with. Try using a key other than '{key}' if you meant to execute a different request.",
                kind="idempotency_error",
            )
        return answer
