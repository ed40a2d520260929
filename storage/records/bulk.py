"""Records of bulk work on many dead letters or orders, as an operator has begun it, and how far that is."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

BulkState = Literal["quoted", "running", "paused", "done", "cancelled"]
#: What becomes of each dead letter.
Closing = Literal["replayed", "discarded"]
#: What becomes of each dead letter, or of each order.
BulkAction = Literal["replayed", "discarded", "refunded"]


class Failure(TypedDict):
    """Dead letter that is not closed, or order that is not refunded, and why."""

    letter: str
    why: str


class OtherWords(TypedDict):
    """Difference that today's words make: the numbers of reports, by product and section."""

    changed: dict[str, int]
    new: dict[str, int]
    gone: dict[str, int]
    #: The sections that were written, and are bought again for nothing but this.
    rewritten: int


class QuoteFacts(TypedDict):
    """Facts of a quote. `fingerprint` changes with anything that its work depends on."""

    letters: int
    #: What is counted there, if it is no dead letters: a section, reports or orders.
    of: NotRequired[str]
    #: There if it is in today's words.
    words: NotRequired[OtherWords]
    #: Money for orders that are refunded, and the part that goes back, by currency. There for refunds.
    paid: NotRequired[dict[str, int]]
    given_back: NotRequired[dict[str, int]]
    #: The number of letters that are refused, and the first hundred of them.
    refused: int
    refusals: list[Failure]
    #: Sections that are not written again, and those that are.
    reused: int
    calls: int
    #: In US dollars at list price. None if the model's price is unknown.
    usd: float | None
    #: The number of mails to customers by their kind.
    mails: dict[str, int]
    minutes: int
    #: The letters of which nobody knows what follows from them.
    unknown: int
    fingerprint: str


class Bulk(TypedDict):
    """Bulk work, from its quote on. Its letters, or the orders to be refunded, are in chunks."""

    _id: str
    action: BulkAction
    #: There, and true, if replays are in today's words.
    today: NotRequired[bool]
    #: The filter in words.
    about: str
    quote: QuoteFacts
    state: BulkState
    made_at: datetime
    #: On whose word it was begun, and why. There once it was.
    who: NotRequired[str]
    reason: NotRequired[str]
    began_at: NotRequired[datetime]
    ended_at: NotRequired[datetime]
    #: Which sweep carries it out, and until when no other may.
    holder: NotRequired[str]
    until: NotRequired[datetime]
    #: When MongoDB removes it. There until it is begun.
    expires_at: NotRequired[datetime]


class BulkChunk(TypedDict):
    """Part of a bulk's letters: those that are left, the number of those done, and those that failed."""

    #: The bulk's id and the chunk's number.
    _id: str
    left: list[str]
    done: int
    failed: list[Failure]
    #: As in `Bulk`.
    expires_at: NotRequired[datetime]
