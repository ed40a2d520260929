"""Accounts of the stub: objects, and events about their changes."""

from infra.local.stripe.objects import new_endpoint, new_event
from infra.local.stripe.webhooks import Delivery, Webhooks
from infra.local.stripe.wire import Json, Refusal

SESSIONS, EVENTS = "/v1/checkout/sessions", "/v1/events"
PRODUCTS, PRICES = "/v1/products", "/v1/prices"
CHARGES, REFUNDS, DISPUTES = "/v1/charges", "/v1/refunds", "/v1/disputes"
ENDPOINTS = "/v1/webhook_endpoints"


class Account:
    """One Stripe account, in memory: a restart of the stub forgets it."""

    def __init__(self, page_base: str, webhook_url: str, webhooks: Webhooks) -> None:
        """Begin with nothing but an endpoint for all events; payment pages are below `page_base`."""
        self.page_base = page_base
        self._webhook_url = webhook_url
        self._webhooks = webhooks
        self._api_version = "2026-10-28.endive"
        self._holding = False
        folders = (SESSIONS, EVENTS, PRODUCTS, PRICES, CHARGES, REFUNDS, DISPUTES, ENDPOINTS)
        self.folders: dict[str, dict[str, Json]] = {folder: {} for folder in folders}
        self.set_endpoints({})

    def keep(self, folder: str, one: Json) -> Json:
        """Add an object to its folder."""
        self.folders[folder][one["id"]] = one
        return one

    def find(self, folder: str, key: str) -> Json:
        """Return the object itself; `Refusal` if there is none."""
        found = self.folders.get(folder, {}).get(key)
        if found is None:
            raise Refusal(f"No such object: {folder}/{key}", 404, code="resource_missing")
        return found

    def find_charge(self, payment_intent: str | None) -> Json:
        """Return the charge of a payment; `Refusal` if there is none."""
        for charge in self.all(CHARGES):
            if charge["payment_intent"] == payment_intent:
                return charge
        raise Refusal(f"The PaymentIntent {payment_intent} has no successful charge.", param="payment_intent")

    def all(self, folder: str) -> list[Json]:
        """Return all objects of a folder, the oldest first."""
        return list(self.folders[folder].values())

    def emit(self, kind: str, about: Json, previous: Json | None = None) -> None:
        """Make an event, and deliver it unless events are held."""
        event = self.keep(EVENTS, new_event(kind, about, previous, self._api_version))
        event["pending_webhooks"] = len(self._takers(event))
        if not self._holding:
            self._send(event)

    def hold_deliveries(self) -> None:
        """Make events from now on without delivering them."""
        self._holding = True

    def resume_deliveries(self) -> None:
        """Deliver events again from now on; those made while holding stay undelivered."""
        self._holding = False

    def deliveries(self) -> list[Delivery]:
        """Return every attempt to deliver an event."""
        return self._webhooks.attempts

    def undelivered(self) -> list[str]:
        """Return the ids of the events that were not accepted yet, the oldest first."""
        return [event["id"] for event in self.all(EVENTS) if event["pending_webhooks"]]

    def deliver_again(self, event: str, copies: int = 1) -> None:
        """Deliver an event, held or not, so many times at once."""
        for _ in range(copies):
            self.deliver_in_order(event)

    def deliver_in_order(self, *events: str) -> None:
        """Deliver events, held or not, each once the one before has been tried."""
        self._send(*(self.find(EVENTS, event) for event in events))

    def set_api_version(self, version: str) -> None:
        """Set the version of events made from now on."""
        self._api_version = version

    def set_endpoints(self, *changes: Json) -> None:
        """Replace the webhook endpoints, each given by the fields in which it differs from that at the start."""
        self.folders[ENDPOINTS].clear()
        for change in changes:
            self.keep(ENDPOINTS, new_endpoint(self._webhook_url, self._api_version, change))

    def _send(self, *events: Json) -> None:
        self._webhooks.send(*((url, event) for event in events for url in self._takers(event)))

    def _takers(self, event: Json) -> list[str]:
        enabled = [one for one in self.all(ENDPOINTS) if one["status"] == "enabled"]
        return [one["url"] for one in enabled if {"*", event["type"]} & {*one["enabled_events"]}]


def change(one: Json, **new: object) -> Json:
    """Set fields of an object. Returns the former values of those that differ."""
    former = {field: one[field] for field, value in new.items() if one[field] != value}
    one.update(new)
    return former
