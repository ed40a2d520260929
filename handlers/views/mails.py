"""View of customers' mails: which were taken, which wait, and which no server will take."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from actors.deps.process import Deps
from handlers.views.masking import without_addresses
from handlers.views.orders import as_text
from storage.deliveries import deliveries_of, latest_deliveries
from storage.records.mail import Delivery, DeliveryState
from storage.records.orders import Order

MailState = Literal["sent", "waiting", "refused"]
#: A mail waits, too, while it is being sent.
STATES: Mapping[MailState, Sequence[DeliveryState]] = {
    "sent": ("sent",),
    "waiting": ("claimed", "sending", "waiting"),
    "refused": ("refused",),
}
_STATE_OF: Mapping[DeliveryState, MailState] = {one: state for state, ones in STATES.items() for one in ones}


class MailView(TypedDict):
    """Mail to a customer. `said` is what the mail server said last, with addresses masked."""

    order_id: str
    kind: str
    state: MailState
    message_id: str
    tries: int
    said: str
    #: When it was accepted; else when its sender's time is over, or it is due again.
    at: str | None


async def mails_view(deps: Deps, state: MailState | None, limit: int) -> list[MailView]:
    """Return the latest mails in that state, or in any, the newest first."""
    states = STATES[state] if state else tuple(_STATE_OF)
    return [_shown(one) for one in await latest_deliveries(deps.db, states, limit)]


async def mails_of(deps: Deps, order: Order) -> list[MailView]:
    """Return the mails of an order, the newest first."""
    found = [_shown(one) for one in await deliveries_of(deps.db, order["_id"])]
    return sorted(found, key=lambda one: one["at"] or "", reverse=True)


def _shown(delivery: Delivery) -> MailView:
    accepted = delivery.get("accepted", [])
    is_sent = delivery["state"] == "sent"
    said = accepted[-1]["answer"] if accepted and is_sent else delivery.get("error", "")
    return {
        "order_id": delivery["order"],
        "kind": delivery["kind"],
        "state": _STATE_OF[delivery["state"]],
        "message_id": delivery["message_id"],
        "tries": delivery["tries"],
        "said": without_addresses(said),
        "at": as_text(delivery.get("sent_at") if is_sent else delivery["until"]),
    }
