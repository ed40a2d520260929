"""Vendors of a simulation: LLM, typesetter, store, mail server and Stripe, each as bad as the real ones may be."""

import asyncio
import hashlib
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

from infra.book import BookSource, ChapterSource, Style
from infra.errors import TransientError
from infra.llm.answer import Answer, ProviderIsBusy, Request, Usage
from infra.mail.errors import AcceptanceIsUnknown, MailServerIsAway, MailServerIsBusy
from infra.mail.letter import Letter, as_message
from infra.pdf import Book, Chunk
from storage.objects import ObjectDoesNotExist, StoreIsDown
from tests.simulation.loop import Blocking
from tests.simulation.machines import Machine, running
from tests.simulation.scheduler import Effect, Outside, Scheduler
from tests.simulation.script import Fault

_LATE = frozenset({"late"})
_CALL_USD = 0.25
PRICE = 900


class Provider:
    """LLM that counts the calls that it answers, by the ledger's entry."""

    def __init__(self, scheduler: Scheduler) -> None:
        """Begin with none."""
        self._scheduler = scheduler
        self.calls: list[str] = []
        #: Called with each of them that it fails to answer.
        self.excuse: Callable[[str], None] = lambda entry: None

    async def reserve(self, request: Request, *, priority: int = 0) -> "_Call":
        """Give room."""
        del priority
        return _Call(self, request)

    async def write(self, entry: str, request: Request) -> Answer:
        """Answer once, and count it."""

        def run(fault: Fault | None) -> Answer:
            self.calls.append(entry)
            garbled = fault is not None and fault.kind == "garble"
            text = "" if garbled else f"Words on {request.metadata['section']}."
            return Answer("truncated" if garbled else "written", text, "model", Usage(10, 0, 10), _CALL_USD)

        def fail() -> Exception:
            if entry in self.calls:
                self.excuse(entry)
            return ProviderIsBusy("simulated")

        await asyncio.sleep(self._scheduler.dice.latency_s())
        answer: Answer = await self._scheduler.act(
            Effect("llm.write", entry, run, fail, faults=_LATE | {"garble"})
        )
        return answer


@dataclass
class _Call:
    provider: Provider
    request: Request

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the room back."""

    async def write(self, entry: str) -> Answer:
        return await self.provider.write(entry, self.request)


class Press:
    """Typesetter that sets a page of a chapter's words, and binds by writing chunks one after another."""

    async def render_chapter(self, source: ChapterSource, style: Style) -> Chunk:
        """Set a page."""
        del style
        return Chunk(repr(source.sections).encode(), 1)

    async def assemble(self, book: BookSource, chunks: Sequence[Path], out: Path) -> Book:
        """Bind the pages."""
        del book
        return _bound(chunks, out)


class Shelf:
    """Object store."""

    def __init__(self, scheduler: Scheduler) -> None:
        """Begin empty."""
        self._scheduler = scheduler
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}

    async def _do(self, what: str, detail: Any, run: Callable[[], Any]) -> Any:
        return await self._scheduler.act(Effect(f"s3.{what}", detail, lambda _: run(), _store_down, faults=_LATE))

    async def put(self, key: str, data: bytes | BinaryIO, **facts: str) -> None:
        """Store an object."""
        content = data if isinstance(data, bytes) else data.read()
        await self._do("put", key, lambda: self.objects.update({key: (content, facts)}))

    async def put_file(self, key: str, path: Path) -> None:
        """Store a file."""
        with path.open("rb") as file:
            await self.put(key, file)

    async def copy(self, source: str, key: str) -> None:
        """Store an object under a second name."""
        await self._do("copy", (source, key), lambda: self.objects.update({key: self._get(source)}))

    async def fetch_file(self, key: str, path: Path) -> None:
        """Write an object into a file."""
        await self._do("get", key, lambda: path.write_bytes(self._get(key)[0]))

    async def exists(self, key: str) -> bool:
        """Return whether an object is there."""
        return bool(await self._do("exists", key, lambda: key in self.objects))

    async def facts(self, key: str) -> dict[str, str] | None:
        """Return the facts that were stored with an object."""
        found: dict[str, str] | None = await self._do("facts", key, lambda: self.objects.get(key, (b"", None))[1])
        return found

    async def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin so."""
        found: list[str] = await self._do("list", prefix, lambda: list(self.objects))
        return [key for key in found if key.startswith(prefix)]

    async def delete(self, keys: Iterable[str]) -> None:
        """Remove objects."""
        gone = list(keys)
        await self._do("delete", gone, lambda: [self.objects.pop(key, None) for key in gone])

    def _get(self, key: str) -> tuple[bytes, dict[str, str]]:
        if key not in self.objects:
            raise ObjectDoesNotExist(key)
        return self.objects[key]


@dataclass
class Mail:
    """Letter that the mail server took."""

    kind: str
    order: str | None
    #: Its Message-ID.
    name: str
    machine: Machine
    #: Its sender may not know that it was taken.
    in_doubt: bool = False


@dataclass
class Postman(Outside):
    """Mail server, and the transport before it."""

    taken: list[Mail] = field(default_factory=list)
    #: Letters in the air: past the look at the deadline, and not recorded as sent.
    in_air: list[Mail] = field(default_factory=list)

    def effect(self, name: str, work: Blocking, args: tuple[Any, ...]) -> Effect:
        """Return the sending of a letter as an effect."""
        letter: Letter = args[0]
        mail = Mail(letter.kind, letter.order, letter.message_id, running())

        def fail() -> Exception:
            mail.in_doubt = True
            return AcceptanceIsUnknown("simulated") if mail in self.taken else MailServerIsAway("simulated")

        run = lambda _: self._send(mail, letter, args[1])  # noqa: E731
        return Effect(f"mail.{name}", f"{letter.kind} of {letter.order}", run, fail, faults=_LATE)

    def send(self, letter: Letter, seconds_left: Callable[[], float]) -> str:
        """Stand for the work that `effect` describes."""
        raise NotImplementedError(letter, seconds_left)

    def _send(self, mail: Mail, letter: Letter, seconds_left: Callable[[], float]) -> Generator[str, Any, str]:
        if seconds_left() <= 0:
            raise MailServerIsBusy("The time is over.")
        as_message(letter)
        self.in_air.append(mail)
        yield "the final dot"
        self.taken.append(mail)
        return "250 OK"


class Stripe:
    """Stripe's API, which refunds a payment once however often it is asked."""

    def __init__(self, scheduler: Scheduler) -> None:
        """Begin with nothing refunded."""
        self._scheduler = scheduler
        self.refunded: set[str] = set()

    async def refund(self, intent: str) -> dict[str, Any]:
        """Give the money back."""

        def run(_: object) -> dict[str, Any]:
            self.refunded.add(intent)
            return {"amount": PRICE, "amount_refunded": PRICE}

        charge = await self._scheduler.act(Effect("stripe.refund", intent, run, _stripe_away, faults=_LATE))
        return cast("dict[str, Any]", charge)

    async def session(self, session_id: str) -> dict[str, Any]:
        """Fail: all sessions are in our version."""
        raise AssertionError(session_id)


class Children:
    """Child processes, which nothing here needs."""

    async def run(self, limit_s: float, work: Callable[[Any], Any], given: Any, /) -> Any:
        """Do the work in this process."""
        del limit_s
        await asyncio.sleep(0)
        return work(given)


def _bound(chunks: Sequence[Path], out: Path) -> Book:
    bound = b"".join(chunk.read_bytes() for chunk in chunks)
    out.write_bytes(bound)
    return Book(out, len(chunks), len(bound), hashlib.sha256(bound).hexdigest())


def _store_down() -> Exception:
    return StoreIsDown("simulated")


def _stripe_away() -> Exception:
    return TransientError("simulated")
