"""Records of the work on orders: reports, steps, purchases of answers, tenants and workers."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from storage.records.plans import Slot, StepKind

StepState = Literal["waiting", "ready", "queued", "claimed", "done", "dead"]
ReportState = Literal["waiting", "queued", "running", "stored", "dead"]


class Pdf(TypedDict):
    """Finished book: its name in the contract, its object under the hash of its content, and its size."""

    key: str
    object: str
    sha256: str
    pages: int
    bytes: int


class Downloads(TypedDict):
    """Downloads of a report: their number, and the times of the first and last."""

    count: int
    first_at: datetime
    last_at: datetime


class Report(TypedDict):
    """Report of one product for one order."""

    #: The order's id and the product.
    _id: str
    order: str
    product: str
    tenant: str
    state: ReportState
    #: From 1. A replay begins the next one.
    run: int
    #: The message that begins it.
    message: str
    #: When the sweep asks for that message. There until the report is begun or parked.
    check_at: NotRequired[datetime]
    #: The number of messages without a worker that took one.
    sends: int
    queued_at: datetime
    #: The plan's id. None until the report is begun.
    plan: str | None
    began_at: NotRequired[datetime]
    #: All of its steps are inserted.
    planned: bool
    #: The tokens of the steps that may be queued or claimed, by slot set.
    slots: dict[Slot, list[str]]
    #: When the next step of a set may be queued. There for a set with a pace, once a step of it was settled.
    gap_until: dict[Slot, datetime]
    #: The run whose steps are being reset. None otherwise.
    replay: int | None
    #: As the order has them.
    stopped: bool
    payment_version: int
    #: None until it is stored, and once its customer is forgotten.
    pdf: Pdf | None
    stored_at: NotRequired[datetime]
    #: There from the first one on.
    downloads: NotRequired[Downloads]


class StepClaim(TypedDict):
    """Claim on a step: the worker's id, and a token that no other claim has."""

    worker: str
    token: str


class StepResult(TypedDict, total=False):
    """Result of a step, by its kind."""

    #: The section's text and first paragraph, and its cost in US dollars, None if unknown. For kind `write`.
    text: str | None
    summary: str
    cost_usd: float | None
    #: The value as JSON. For kind `compute`, beside `summary`, and `text` unless it is none.
    value: str
    #: The PDF's place in S3 and its number of pages. For kinds `render` and `assemble`.
    object: str
    pages: int
    #: As in `Pdf`. For kind `assemble`.
    key: str
    sha256: str
    bytes: int


class Step(TypedDict):
    """Step of a report. `storage.steps` explains its states, its epoch and `due_at`."""

    #: The report's id and the step's key.
    _id: str
    order: str
    report: str
    product: str
    tenant: str
    plan: str
    #: The plan's format. A worker claims steps of a format that it knows.
    format: int
    key: str
    kind: StepKind
    slot: Slot
    seq: int
    #: The section's id. None for other kinds than `write`.
    section: str | None
    #: The ids of the steps whose results it needs.
    needs: list[str]
    state: StepState
    due_at: NotRequired[datetime]
    run: int
    epoch: int
    #: The number of answers asked for, ever.
    attempts: int
    #: The number of failures, and of processes that ended with it, both in this run.
    fails: int
    kills: int
    #: The number of messages since the last claim.
    sends: int
    #: None unless claimed.
    claim: StepClaim | None
    #: None until done.
    result: NotRequired[StepResult | None]
    #: The message that it is under, and since when. There once it was queued.
    message: NotRequired[str]
    queued_at: NotRequired[datetime]
    #: The ids of the steps under the same message, its first one first. There if it was queued with others.
    batch: NotRequired[list[str]]
    #: When it last failed, and since when it has only failed. There once it has failed in this run.
    failed_at: NotRequired[datetime]
    failing_since: NotRequired[datetime]
    #: When it was done or died, and whether all that follows from that was done, too.
    done_at: NotRequired[datetime]
    advanced: NotRequired[bool]
    #: Why it is dead, in words that quote nothing. There once it is dead, until it is replayed.
    reason: NotRequired[str]
    #: There once it is dead, until it is replayed or its customer forgotten.
    error: NotRequired[str]
    traceback: NotRequired[str]


class TokenUsage(TypedDict):
    """Tokens of an answer. `estimated` if the provider did not count them."""

    #: All that was read, and of that what the provider had stored before, and what it stored then.
    input: int
    cached: int
    cache_write: NotRequired[int]
    output: int
    estimated: bool


class Settlement(TypedDict, total=False):
    """End of a purchase."""

    outcome: str
    #: In US dollars. None if it is unknown, or nothing was answered.
    cost_usd: float | None
    #: Part of it: what the provider took for storing input. None if it is unknown; there if there is a usage.
    cache_write_usd: float | None
    #: There if an answer came, or one that failed was charged for.
    model: str | None
    usage: TokenUsage
    latency_s: float
    #: There if the provider refused, until its customer is forgotten.
    error: str
    #: There, and true, if it refused since its limits are reached.
    limited: bool
    #: There, and true, if it said nothing: it was not reached, or the line was cut.
    silent: bool
    #: The text that was answered. There until the report is stored, or its customer forgotten.
    text: str


class LedgerEntry(Settlement):
    """Purchase of an answer: written before the call. Its settlement is there after the call."""

    #: The step's id and the epoch of its claim.
    _id: str
    step: str
    order: str
    report: str
    product: str
    section: str | None
    tenant: str
    #: The step's run. Answers of a run are counted.
    run: NotRequired[int]
    state: Literal["open", "settled"]
    opened_at: datetime
    #: In UTC, as YYYY-MM-DD.
    day: str
    #: The most that the call can cost in US dollars. There if the order has a budget.
    estimate_usd: NotRequired[float]
    settled_at: NotRequired[datetime]


class TenantPlaces(TypedDict):
    """Reports of a tenant that are under way. There are at most as many as its limit."""

    #: The tenant's id.
    _id: str
    reports: list[str]


class WorkPause(TypedDict):
    """Pause of the work of a product, a tenant or the provider, on an operator's word."""

    #: `product:` or `tenant:` with its name, or `provider`.
    _id: str
    who: str
    reason: str
    #: When it was begun, or given this end.
    at: datetime
    #: Nothing is begun before then.
    until: datetime


class WorkerFacts(TypedDict):
    """Facts of a worker that stay as they are. `formats` are the plan formats that it knows."""

    queue: str
    threads: int
    broker_id: str
    formats: list[int]
    host: str
    pid: int
    started_at: datetime
    #: There, and true, once it was told to end.
    ending: NotRequired[bool]


class Worker(WorkerFacts):
    """Worker that lives, or died lately. Its `beat` grows every 2 s."""

    _id: str
    beat: int
    beat_at: datetime


class Installation(TypedDict):
    """Facts of the installation as a whole."""

    _id: str
    #: When a sweep was started first, or the first order placed if that was earlier.
    first_started_at: datetime


class RefusalCount(TypedDict):
    """Requests to the webhook that were refused in one hour."""

    #: The hour in UTC, as YYYY-MM-DDTHH.
    _id: str
    #: The requests to the webhook that were refused.
    refused: int
    #: When MongoDB removes it.
    until: datetime


class Sweep(TypedDict):
    """Turn of a sweep, whichever it is: the last one, by MongoDB's clock."""

    _id: str
    turned_at: datetime
