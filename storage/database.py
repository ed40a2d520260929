"""Connection to MongoDB, its collections, and the one translation of its failures."""

import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from bson.errors import BSONError
from pymongo import AsyncMongoClient, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.cursor import AsyncCursor
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    DocumentTooLarge,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
    WriteError,
)

from infra.errors import PressroomError, SettingsError, TransientError
from storage.driver_waits import mend_waits
from storage.not_now import why_not_now
from storage.records.bulk import Bulk, BulkChunk
from storage.records.mail import Action, Alert, DeadLetter, Delivery, SettledAlert, SignIn
from storage.records.orders import Event, Form, Order, Payment
from storage.records.plans import Plan
from storage.records.sums import DaySums
from storage.records.work import (
    Installation,
    LedgerEntry,
    RefusalCount,
    Report,
    Step,
    Sweep,
    TenantPlaces,
    Worker,
    WorkPause,
)

#: A query, an update or a part of one. Records have types of their own.
Document = dict[str, Any]
Record = TypeVar("Record", bound=Mapping[str, Any])
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

#: Longer than an election: 10 s until a member stands, up to 1.5 s more by chance, and the vote. Operations wait
#: meanwhile, and the driver repeats them.
TIMEOUT_S = 15.0
_DUPLICATE_KEY = 11000
#: The hint for commands that name many documents and the state that they must be in. Without it MongoDB goes by an
#: index of states now and then, and reads all documents in that state.
BY_ID = "_id_"


class DatabaseIsDown(TransientError):
    """MongoDB did not answer in time, could not do it now, or could not say whether a write is durable."""


class WriteIsRefused(PressroomError):
    """MongoDB will not store a document, or look for what none can hold."""


class KeyIsTaken(WriteIsRefused):
    """Another document has that key already."""


class CommandFails(PressroomError):
    """MongoDB or its driver failed in another way, which would come again."""


class Database:
    """Collections of one Pressroom, whose writes are acknowledged by a majority and journaled.

    Writes to `fleeting` collections are acknowledged by the primary alone, and may be lost with it. They are for
    facts that have no effect outside MongoDB before a later majority write. MongoDB makes writes durable in
    their order, so that with one of them all writes that were built on it are lost as well.
    """

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Take the URL. `timeout_s` bounds each operation, the search for a server included."""
        self.client = _client(url, timeout_s)
        database = _Collections(self.client, self.client.get_default_database("pressroom").name)
        # Of several hosts, some in brackets, which no parser of URLs takes.
        self.host = re.split("[/?]", url.partition("://")[2])[0].rpartition("@")[2]
        self.events: AsyncCollection[Event] = database["events"]
        self.orders: AsyncCollection[Order] = database["orders"]
        self.payments: AsyncCollection[Payment] = database["payments"]
        self.answers: AsyncCollection[Form] = database["answers"]
        self.plans: AsyncCollection[Plan] = database["plans"]
        self.reports: AsyncCollection[Report] = database["reports"]
        self.fleeting_reports = fleeting(self.reports)
        self.steps: AsyncCollection[Step] = database["steps"]
        self.fleeting_steps = fleeting(self.steps)
        self.tenants: AsyncCollection[TenantPlaces] = database["tenants"]
        self.work_pauses: AsyncCollection[WorkPause] = database["work_pauses"]
        self.ledger: AsyncCollection[LedgerEntry] = database["ledger"]
        self.day_sums: AsyncCollection[DaySums] = database["day_sums"]
        self.deliveries: AsyncCollection[Delivery] = database["deliveries"]
        self.dead_letters: AsyncCollection[DeadLetter] = database["dead_letters"]
        self.bulks: AsyncCollection[Bulk] = database["bulks"]
        self.bulk_chunks: AsyncCollection[BulkChunk] = database["bulk_chunks"]
        self.alerts: AsyncCollection[Alert] = database["alerts"]
        self.settled_alerts: AsyncCollection[SettledAlert] = database["settled_alerts"]
        # Beats are fleeting: a slow replica must not make workers look dead.
        self.workers: AsyncCollection[Worker] = fleeting(database["workers"])
        self.sweeps: AsyncCollection[Sweep] = fleeting(database["sweeps"])
        self.tallies: AsyncCollection[RefusalCount] = fleeting(database["tallies"])
        self.audit: AsyncCollection[Action] = database["audit"]
        self.sign_ins: AsyncCollection[SignIn] = database["sign_ins"]
        self.installation: AsyncCollection[Installation] = database["installation"]

    async def ping(self) -> None:
        """Return if MongoDB answers; DatabaseIsDown otherwise."""
        await translating(self.client.admin.command)("ping")

    async def skew_s(self, now: Callable[[], datetime]) -> float:
        """Return the seconds by which MongoDB's clock is ahead of `now`, at least. DatabaseIsDown if unknown."""
        before = now()
        hello = await translating(self.client.admin.command)("hello", codec_options=self.client.codec_options)
        after = now()
        told = hello["localTime"]
        return float(max((told - after).total_seconds(), 0.0) + min((told - before).total_seconds(), 0.0))

    async def close(self) -> None:
        """Close every connection."""
        await self.client.close()


def fleeting(collection: AsyncCollection[Record]) -> AsyncCollection[Record]:
    """Return the collection with writes that are acknowledged by the primary alone."""
    return _Collection(collection.database, collection.name, write_concern=WriteConcern(w=1))


def _client(url: str, timeout_s: float) -> AsyncMongoClient[Any]:
    mend_waits()
    try:
        return AsyncMongoClient(
            url,
            w="majority",
            journal=True,
            tz_aware=True,
            appname="pressroom",
            timeoutMS=int(timeout_s * 1000),
            serverSelectionTimeoutMS=int(timeout_s * 1000),
            connectTimeoutMS=2000,
        )
    except (ConfigurationError, ValueError, OSError):
        # The driver's own message may quote the URL, and with it a password.
        raise SettingsError("MONGODB_URL is not one that the MongoDB driver accepts.") from None


def translating(
    function: Callable[Parameters, Coroutine[Any, Any, Result]],
) -> Callable[Parameters, Coroutine[Any, Any, Result]]:
    """Make a function raise our errors for the driver's, whose words may quote a document.

    DatabaseIsDown for those that pass, WriteIsRefused for refused writes, CommandFails for all others.
    """

    @wraps(function)
    async def translated(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return await function(*args, **kwargs)
        except DocumentTooLarge:
            raise WriteIsRefused("MongoDB takes no document that large.") from None
        except (BSONError, UnicodeEncodeError) as error:  # of a query, too
            raise WriteIsRefused(f"MongoDB cannot hold what was given: {type(error).__name__}.") from None
        except PyMongoError as error:
            if reason := why_not_now(error):
                raise DatabaseIsDown(reason) from error
            # The driver's own error quotes the document, and with it the customers' words.
            if isinstance(error, WriteError):
                kind = KeyIsTaken if isinstance(error, DuplicateKeyError) else WriteIsRefused
                raise kind(f"MongoDB refused a write with [{error.code}].") from None
            raise CommandFails(f"MongoDB failed: {type(error).__name__}{_code_of(error)}.") from None

    return translated


class _Cursor(AsyncCursor[Record]):
    """Cursor that raises our errors."""

    __anext__ = translating(AsyncCursor.__anext__)
    to_list = translating(AsyncCursor.to_list)


class _Collection(AsyncCollection[Record]):
    """Collection that raises our errors, so that no function of `storage` translates the driver's itself.

    Two are left to functions below: `aggregate`, which returns another kind of cursor, and `insert_many`.
    """

    def find(self, *args: Any, **options: Any) -> AsyncCursor[Record]:
        """Return a cursor that raises our errors, too."""
        return _Cursor(self, *args, **options)

    count_documents = translating(AsyncCollection.count_documents)
    distinct = translating(AsyncCollection.distinct)
    find_one_and_update = translating(AsyncCollection.find_one_and_update)
    find_one_and_delete = translating(AsyncCollection.find_one_and_delete)
    insert_one = translating(AsyncCollection.insert_one)
    replace_one = translating(AsyncCollection.replace_one)
    update_one = translating(AsyncCollection.update_one)
    update_many = translating(AsyncCollection.update_many)
    delete_one = translating(AsyncCollection.delete_one)
    delete_many = translating(AsyncCollection.delete_many)


class _Collections(AsyncDatabase[Any]):
    """Collections of a database, by name."""

    def __getitem__(self, name: str) -> AsyncCollection[Any]:
        return _Collection(self, name)


async def insert_once(collection: AsyncCollection[Record], document: Record) -> bool:
    """Insert a document. False if its key is taken: the document that is there stays as it is."""
    # As a bulk of one: only of a bulk does the driver tell that a taken key is not durable yet.
    return not await insert_new(collection, [document])


@translating
async def insert_new(collection: AsyncCollection[Record], documents: Sequence[Record]) -> list[str]:
    """Insert documents in one go. Returns the keys that were taken already, whose documents stay as they are."""
    try:
        await collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        if not _is_of_taken_keys(error):
            raise _failure(error) from None
        return [documents[one["index"]]["_id"] for one in error.details["writeErrors"]]
    return []


@translating
async def aggregated(collection: AsyncCollection[Any], pipeline: Sequence[Document]) -> list[Document]:
    """Return what a pipeline makes of a collection's records."""
    return await (await collection.aggregate(pipeline)).to_list()


async def exists(collection: AsyncCollection[Any], query: Document) -> bool:
    """Return whether there is such a document."""
    return await collection.find_one(query, {"_id": 1}) is not None


def one_more(field: str, now: datetime) -> Document:
    """Return the update that counts one more of something, with the times of the first and last."""
    return {"$inc": {f"{field}.count": 1}, "$min": {f"{field}.first_at": now}, "$max": {f"{field}.last_at": now}}


async def updated(collection: AsyncCollection[Any], still: Document, update: Document) -> bool:
    """Update the document of which `still` holds. False if it holds of none: it is not as it was seen."""
    return (await collection.update_one(still, update)).matched_count == 1


async def update_all(collection: AsyncCollection[Any], still: Document, update: Document) -> int:
    """Update documents of some ids. Returns the number of documents that matched.

    The update must take each document out of `still`. The driver repeats no update of many, so one that an
    election cuts short is done again here. The second finds the documents that the first left, and counts only
    these.
    """
    with suppress(DatabaseIsDown):
        return (await collection.update_many(still, update, hint=BY_ID)).matched_count
    return (await collection.update_many(still, update, hint=BY_ID)).matched_count


def _code_of(error: PyMongoError) -> str:
    return f" [{error.code}]" if isinstance(error, OperationFailure) else ""


def _is_of_taken_keys(error: BulkWriteError) -> bool:
    codes = {one["code"] for one in error.details["writeErrors"]}
    return codes == {_DUPLICATE_KEY} and not error.details["writeConcernErrors"]


def _failure(error: BulkWriteError) -> PressroomError:
    """Return our error for a bulk's failure. The driver's own error quotes the customers' words."""
    if reason := why_not_now(error):
        return DatabaseIsDown(reason)
    codes = {one["code"] for one in error.details["writeErrors"]}
    return WriteIsRefused(f"MongoDB refused a write with {sorted(codes - {_DUPLICATE_KEY} or codes)}.")
