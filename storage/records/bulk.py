"""Records of bulk work: many dead letters that an operator has replayed or discarded, and how far that is."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

BulkState = Literal["quoted", "running", "paused", "done", "cancelled"]
#: What becomes of each dead letter.
Closing = Literal["replayed", "discarded"]


class Failure(TypedDict):
    """Dead letter that is not closed, and why."""

    letter: str
    why: str


class QuoteFacts(TypedDict):
    """Facts of a quote. `fingerprint` changes with anything that its work depends on."""

    letters: int
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
    """Bulk work, from its quote on. Its letters are in chunks."""

    _id: str
    action: Closing
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
