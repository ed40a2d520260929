"""What a test may ask of the stub and nobody may ask of Stripe, by name."""

from collections.abc import Callable

from infra.local.stripe.account import EVENTS, Account
from infra.local.stripe.checkout import apply_coupon, expire_session, fail_payment, settle_payment
from infra.local.stripe.returns import close_dispute, fail_refund, open_dispute


def hold_deliveries(account: Account, *, on: bool) -> None:
    """Whether events made from now on stay undelivered."""
    account.holding = on


def undelivered(account: Account) -> list[str]:
    """The ids of the events that nobody has accepted, the oldest first."""
    return [event["id"] for event in account.all(EVENTS) if event["pending_webhooks"]]


def deliver_again(account: Account, event: str, copies: int) -> None:
    """Deliver an event, held or not, so many times at once."""
    account.webhooks.send(account.find(EVENTS, event), copies)


def deliver_in_order(account: Account, events: list[str]) -> None:
    """Deliver these events, held or not, one after the other."""
    account.webhooks.send_in_order([account.find(EVENTS, event) for event in events])


def set_api_version(account: Account, version: str) -> None:
    """Events made from now on are of this version."""
    account.api_version = version


CONTROLS: dict[str, Callable[..., object]] = {
    control.__name__: control
    for control in (
        apply_coupon,
        settle_payment,
        fail_payment,
        expire_session,
        fail_refund,
        open_dispute,
        close_dispute,
        hold_deliveries,
        undelivered,
        deliver_again,
        deliver_in_order,
        set_api_version,
    )
}
