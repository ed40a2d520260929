"""Records of events, forms, payments and orders."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

EventState = Literal["new", "applied", "ignored", "failed"]
#: The letter that ends an order.
Ending = Literal["completion", "refund"]
#: The customer, among those who correct answers.
CUSTOMER = "the customer"
#: The mails to a customer about an order that is not finished, each sent at most once.
Notice = Literal["delay", "failure"]
Errand = Literal[
    "confirm_order",
    "complete_order",
    "check_payment",
    "check_promise",
    "tell_failure",
    "refund_order",
    "resend_reports",
    "ask_details",
    "end_patience",
    "confirm_withdrawal",
    "identify_order",
    "start_order",
    "resume_replay",
    "reprint_reports",
    "heed_pause",
    "retire_order",
    "forget_order",
]


class Event(TypedDict):
    """Event of Stripe's, as it came."""

    #: Stripe's id.
    _id: str
    #: Stripe's name of the kind, such as `checkout.session.completed`.
    type: str
    #: The signed body. Empty once its customer is forgotten.
    raw: bytes
    #: The ids of session and payment, by which it is forgotten.
    about: list[str]
    state: EventState
    #: The reason why it was ignored or failed. There once it is settled.
    reason: NotRequired[str | None]
    #: The number of times that applying it failed, and one for its end.
    tries: int
    received_at: datetime
    #: The time until which the sweep leaves it to another process. There once one has claimed it, and on an
    #: ignored one while its session's price is asked for.
    due_at: NotRequired[datetime]


class Consent(TypedDict):
    """Words that a customer agreed to before they paid, and when."""

    text: str
    at: datetime


class Gift(TypedDict):
    """Gift: who gets an order's reports in the customer's place, and when. It is forgotten with the customer."""

    #: The recipient's address, to which the mails go that bring the reports, and no other.
    email: str
    #: The name of who gives it, and a message, as those mails say them. Empty if there is none.
    giver: str
    message: str
    #: The moment before which no mail goes there.
    at: datetime


class Form(TypedDict):
    """Answers that a customer wrote into our own form."""

    #: The reference that the Checkout Session carries.
    _id: str
    product: str
    answers: dict[str, str]
    at: datetime
    #: There where the shop asks for one.
    consent: NotRequired[Consent]
    gift: NotRequired[Gift]
    #: The language of the form, as a tag.
    locale: NotRequired[str]
    #: The Checkout Session that it led to, and when Stripe was last asked about that.
    session: NotRequired[str]
    asked_at: NotRequired[datetime]


class FailedRefund(TypedDict):
    """Refund that the bank sent back: its amount and its time, in Unix time."""

    amount: int
    at: int


class Payment(TypedDict):
    """Facts of Stripe's about a payment intent. Each is there once it was reported."""

    #: The payment intent's id.
    _id: str
    #: Grows with each fact.
    version: int
    charged: NotRequired[int]
    #: The amount that was refunded in all, by the Unix time of the report.
    refunded: NotRequired[dict[str, int]]
    #: By the refund's id.
    failed: NotRequired[dict[str, FailedRefund]]
    #: The word on a dispute, by its id: 1 open, 2 ended, 3 lost.
    disputes: NotRequired[dict[str, int]]


class PaymentState(TypedDict):
    """State of a payment, by the facts known of it. Amounts are in the currency's smallest unit."""

    amount_refunded: int
    #: All of the money was given back, so nothing more is made.
    stopped: bool
    refund_failed: bool
    #: A dispute is open, or was lost, so nothing is delivered.
    on_hold: bool
    dispute_lost: bool


class Colours(TypedDict):
    """Colours of a brand, as `#rrggbb`."""

    accent: str
    tint: str


class Purchase(TypedDict):
    """Purchase: the offer, its reports and the answers they are made from, and the brand that sold it."""

    tenant: str
    #: Those of the tenant when the order was placed. None if it has none of its own.
    colours: Colours | None
    #: The time zone in which its day begins and ends: the tenant's or the setting's of then. UTC without it.
    timezone: NotRequired[str]
    #: Whether its books say that an AI wrote them: the setting of then. They do not without it.
    ai_notice: NotRequired[bool]
    #: The offer. None if the session names none that is sold here.
    product: str | None
    #: The names of the reports that the offer holds.
    products: list[str]
    #: The number of the run of each report, from 1. A replay begins the next one.
    run: dict[str, int]
    answers: dict[str, str]
    #: What the customer wrote for an answer that was not understood: a language, or a date of birth.
    unread: NotRequired[dict[str, str]]
    #: The answers that are still needed, `email` among them.
    missing: list[str]
    #: The reason why the session cannot be fulfilled as it is.
    objection: str | None


class Pause(TypedDict):
    """Pause of an order whose budget is spent. Nothing is bought while it holds."""

    reason: str
    #: The most that the call would have cost which was not made, in US dollars. None if unknown.
    call_usd: float | None
    holds: bool
    #: From 1, so that each pause is another.
    number: int


class ReplayIntent(TypedDict):
    """Replay that has begun: the report's product, its new run, and the first of the steps to be made again."""

    product: str
    run: int
    steps: list[str]
    #: The plan that the report goes on with. There if it is another than it was begun with.
    plan: NotRequired[str]


class Correction(TypedDict):
    """Correction of answers. It is forgotten with the customer."""

    at: datetime
    #: The operator's name, or `CUSTOMER`, which no operator's can be.
    who: str
    #: The answers before it, without those that there were none of, and after it. An empty one was taken back.
    before: dict[str, str]
    after: dict[str, str]
    #: When the reports had been delivered that it has made again. None if they had not.
    delivered_at: datetime | None


RequestKind = Literal["remake", "withdrawal"]


class CustomerRequest(TypedDict):
    """Request of a customer that is an operator's to grant or to settle. It is forgotten with the customer."""

    kind: RequestKind
    at: datetime
    #: The answers that a remake is to be made from, where they differ. None of a withdrawal.
    answers: dict[str, str]


class Resends(TypedDict):
    """Requests to send an order's reports once more: their number, and the times of the latest."""

    count: int
    times: list[datetime]


class Opens(TypedDict):
    """Times that the order's page was opened: their number, the first and the last."""

    count: int
    first_at: datetime
    last_at: datetime


class Order(Purchase, PaymentState):
    """Order of a Checkout Session. What Stripe has said of it only accumulates.

    Of our own facts `attention` and `failed_at` end with their cause, and some keys say until when they are there.
    A correction takes back that the reports are stored, and were delivered: they are to be made and sent anew.
    """

    #: The Checkout Session's id.
    _id: str
    #: The secret part of the customer's link.
    token: str
    #: The language of the form, or of Stripe's page, as a tag. None if it is not known.
    locale: NotRequired[str | None]
    #: None if the customer gave none, or is forgotten.
    email: str | None
    #: The id of our form's answers, if the session names one.
    reference: str | None
    payment_intent: str | None
    #: The price in the currency's smallest unit, before discounts and taxes that are added to it.
    amount_subtotal: int | None
    #: What is paid, and the tax in it. None where Stripe did not say.
    amount_total: NotRequired[int | None]
    amount_tax: NotRequired[int | None]
    currency: str | None
    placed_at: datetime
    #: The earliest time that was reported.
    paid_at: datetime | None
    #: The session expired, or its payment failed.
    ended_at: datetime | None
    #: The version of the payment that `PaymentState` was copied from. 0 before the first.
    payment_version: int
    #: The products whose reports of the current run are stored, and when the last of them was.
    stored: list[str]
    stored_at: datetime | None
    #: The letter that ends the order, chosen before it is sent or money moves.
    letter: Ending | None
    delivered_at: datetime | None
    #: The reason why an operator is needed, and since when the order cannot be finished without one.
    attention: str | None
    failed_at: datetime | None
    #: When the errand of that name is due.
    errands: dict[Errand, datetime]
    #: No later than the earliest errand. There while one may be due.
    errands_at: NotRequired[datetime]
    #: When a notice was reserved. There from the first one on.
    told: NotRequired[dict[Notice, datetime]]
    #: When an operator is called for details that are missing. There while the customer is asked.
    details_by: NotRequired[datetime]
    #: When the missing details were filled in.
    filled_at: NotRequired[datetime]
    #: There from the first pause on.
    pause: NotRequired[Pause]
    #: The order's own budget in US dollars, infinite for none. There if an operator gave it one.
    budget_usd: NotRequired[float]
    #: There if our own form asked for one.
    consent: NotRequired[Consent]
    #: There if it is one, until the customer is forgotten.
    gift: NotRequired[Gift]
    #: There while a replay resets steps.
    replay: NotRequired[ReplayIntent]
    #: There from the first correction on, until the customer is forgotten.
    corrections: NotRequired[list[Correction]]
    #: The new run of each report that a correction makes again. There until their steps are reset.
    remaking: NotRequired[dict[str, int]]
    #: When the first section was about to be bought. From then on its customer cannot change the answers.
    written_from: NotRequired[datetime]
    #: There until an operator grants or settles it.
    request: NotRequired[CustomerRequest]
    #: When the customer withdrew from the contract. There from then on.
    withdrawn_at: NotRequired[datetime]
    #: When the customer asked for the one free remake. There from then on.
    remake_asked_at: NotRequired[datetime]
    #: There from the first resend on.
    resends: NotRequired[Resends]
    #: There once somebody with the link has opened the page.
    opens: NotRequired[Opens]
    #: When an operator asked for the removal of the customer's data. There until that is done.
    forget_asked_at: NotRequired[datetime]
    #: When the customer's data was removed.
    forgotten_at: NotRequired[datetime]
