"""Records of letters, alerts, dead letters, and operators' sign-ins and actions."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from storage.records.orders import Errand


class Accepted(TypedDict):
    """Acceptance of a letter by the mail server, with its answer."""

    at: datetime
    answer: str


DeliveryState = Literal["claimed", "sending", "waiting", "sent", "refused"]


class Delivery(TypedDict):
    """Letter to a customer, on its way or sent."""

    #: The order's id and the letter's name.
    _id: str
    order: str
    kind: str
    message_id: str
    state: DeliveryState
    #: Grows with each sender.
    epoch: int
    #: When another sender may take over, or when a waiting letter is due.
    until: datetime
    #: The number of times that the mail server was asked.
    tries: int
    sent_at: NotRequired[datetime]
    #: There once it was accepted, until its customer is forgotten.
    accepted: NotRequired[list[Accepted]]
    #: The mail server's words. There once it said no, until its customer is forgotten.
    error: NotRequired[str]


class Alert(TypedDict):
    """Trouble that an operator must hear of."""

    #: A hash of the kind and the subject.
    _id: str
    kind: str
    order: str | None
    #: The subject where there is no order: an event's id, a payment intent, the server or sender that is refused.
    event: str | None
    text: str
    #: When the trouble was first seen.
    at: datetime
    #: Hashes of the texts of all trouble of the kind that is not over.
    seen: list[str]
    #: The texts of what came after the first, by hash. There once there was such.
    texts: NotRequired[dict[str, str]]
    #: The hashes of what was told. There once something was.
    heard: NotRequired[list[str]]
    state: Literal["new", "told"]
    #: The ways by which it was told.
    told: list[str]
    #: When it is to be told, or told by another worker.
    due_at: datetime
    #: When it was let out on its own. There until the next trouble of the kind.
    admitted_at: NotRequired[datetime]
    told_at: NotRequired[datetime]
    #: When work last met it, and which did of late, the last at the end. There if it is about an account.
    met_at: NotRequired[datetime]
    met_by: NotRequired[list[str]]
    #: The number of times that no way took it. There if it was not heard the first time.
    unheard: NotRequired[int]
    #: The id of the alert that told it among others. There if one did.
    digest: NotRequired[str]
    #: When it is told again, on an operator's word, and not sooner. There until then.
    snoozed_until: NotRequired[datetime]


class SettledAlert(Alert):
    """Alert that was heard of and is open no more. Its `_id` has the time at which it was raised, too."""

    #: The operator, or `pressroom` where the trouble ended by itself.
    who: str
    why: str
    settled_at: datetime


class Death(TypedDict):
    """Death of some work, with its cause."""

    state: Literal["open", "replayed", "discarded"]
    attempts: int
    #: The order cannot be finished without it.
    fails: bool
    #: The cause, without details as alerts have it, and with them.
    reason: str
    error: str
    traceback: str
    at: datetime
    closed_at: NotRequired[datetime]


class Likeness(TypedDict, total=False):
    """Traits that the dead letters of one group share. Not there on letters of older versions."""

    #: A hash of the kind, the product and all below.
    group: str
    #: The cause without what differs from one order to the next: it quotes nothing.
    cause: str
    #: The model that was asked, if any, and the plan that says how.
    model: str | None
    version: str | None


class _DeadLetter(Death, Likeness):
    #: Names the work, and the death if it can die again.
    _id: str


class DeadStep(_DeadLetter):
    """Step that was given up."""

    kind: Literal["step"]
    order: str
    product: str
    step: str
    #: The epoch of its death.
    epoch: int


class DeadReport(_DeadLetter):
    """Report that could not be begun."""

    kind: Literal["report"]
    order: str
    product: str
    step: None


class DeadErrand(_DeadLetter):
    """Errand that failed."""

    kind: Literal["errand"]
    order: str
    product: None
    step: None
    errand: Errand


class DeadEvent(_DeadLetter):
    """Event of Stripe's that could not be applied."""

    kind: Literal["event"]
    order: None
    product: None
    step: None


class DeadMessage(_DeadLetter):
    """Message that no worker could take. `product` is its queue, and `raw` its first 64 KiB.

    One more, `messages:` and the queue, stands for all that were not kept; `attempts` is their number.
    """

    kind: Literal["message"]
    order: None
    product: str
    step: None
    raw: bytes


DeadLetter = DeadStep | DeadReport | DeadErrand | DeadEvent | DeadMessage


class Action(TypedDict):
    """Action of an operator. No code ever changes or removes one."""

    who: str
    reason: str
    action: str
    #: The order's id. None if the action was on none.
    order: str | None
    subject: str
    at: datetime


class SignIn(TypedDict):
    """Sign-in of an operator in a browser."""

    #: The hash of the cookie's secret.
    _id: str
    #: The account's name in OPS_USERS.
    name: str
    #: A hash of the account's own, which changes with its password.
    seal: str
    until: datetime
