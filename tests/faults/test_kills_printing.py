"""Kill -9 at every stage of setting and binding: what was finished is not made again, and the file is the same."""

import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from infra.local.stack import Stack
from tests import plain_http
from tests.faults.gate import Call, Gate
from tests.faults.order import check_delivered
from tests.pressroom import PATIENCE_S, Pressroom

SEED = 20
#: A section so long that its chapter takes a child a while.
LONG = "word\n\n" * 300
CHUNK, BOOK, NAME = r"/life_clarity/chunks/\w+\.pdf$", r"/life_clarity/\w+\.pdf$", r"/life_clarity\.pdf$"


class Stage(NamedTuple):
    """A request to S3 during which its sender dies, and whether S3 has obeyed it by then."""

    kind: str
    key: str
    obeyed: bool


STORED, FETCHED = "a chapter is stored and not checkpointed", "chapters are fetched"
STAGES = {
    STORED: Stage("PUT", CHUNK, obeyed=True),
    FETCHED: Stage("GET", CHUNK, obeyed=True),
    "the book is being stored": Stage("PUT", BOOK, obeyed=False),
    "the book is stored and not checkpointed": Stage("PUT", BOOK, obeyed=True),
    "the book is checkpointed and has no name": Stage("COPY", NAME, obeyed=False),
    "the book has its name and nothing follows": Stage("COPY", NAME, obeyed=True),
}


LAST_CHAPTER = Stage("PUT", CHUNK, obeyed=False)


class Printers(NamedTuple):
    """Pressroom's processes, and the gate through which they reach S3."""

    pressroom: Pressroom
    gate: Gate

    def chunks(self, order: str) -> Counter[str]:
        """Return how often each chapter of an order was stored."""
        of_order = [call.key for call in self.gate.calls if call.kind == "PUT" and f"/{order}/" in call.key]
        return Counter(key for key in of_order if re.search(CHUNK, key))


@pytest.fixture(scope="module")
def printers(stack: Stack) -> Iterator[Printers]:
    """All of them, for the whole module."""
    with (
        Gate(stack.env["AWS_ENDPOINT_URL_S3"]) as gate,
        Pressroom(stack, AWS_ENDPOINT_URL_S3=gate.url) as pressroom,
    ):
        pressroom.start_missing()
        yield Printers(pressroom, gate)
        pressroom.forget()


@pytest.fixture(scope="module")
def orders(printers: Printers) -> dict[str, str]:
    """An order for each stage, and the worker of all of them killed while each is at its own."""
    pressroom, gate = printers
    draw, events = random.Random(SEED), {name: pressroom.event() for name in STAGES}
    orders: dict[str, str] = {name: event["data"]["object"]["id"] for name, event in events.items()}
    die_with_the_last_chapter(printers, events[FETCHED])
    traps = [
        gate.trap(fitting(orders[name], stage), obeyed=stage.obeyed, skipped=skipped(stage, draw))
        for name, stage in STAGES.items()
    ]
    pressroom.start("worker", "life_clarity")
    for name in STAGES.keys() - {FETCHED}:
        assert pressroom.send(events[name]).status_code == 200
    for trap, (name, stage) in zip(traps, STAGES.items(), strict=True):
        assert trap.sprung.wait(60), f"no worker ever came to where {name}"
        bound = {"order": orders[name], "kind": "assemble", "state": "done"}
        assert pressroom.db.steps.count_documents(bound) == (stage.kind == "COPY")
    pressroom.part("worker-life_clarity").kill()
    pressroom.start("worker", "life_clarity")
    return orders


def die_with_the_last_chapter(printers: Printers, event: dict[str, Any]) -> None:
    """Kill a worker that has set an order's chapters but one: who binds them must fetch what it does not have."""
    pressroom, order = printers.pressroom, event["data"]["object"]["id"]
    storing = printers.gate.trap(fitting(order, LAST_CHAPTER), obeyed=False, skipped=3)
    assert pressroom.send(event).status_code == 200
    assert storing.sprung.wait(60)
    kept = {"order": order, "kind": "render", "state": "done"}
    pressroom.until("the others' checkpoints", lambda: pressroom.db.steps.count_documents(kept) == 3)
    pressroom.part("worker-life_clarity").kill()


def fitting(order: str, stage: Stage) -> Callable[[Call], bool]:
    """Return whether a request is the order's at that stage."""
    return lambda call: (
        call.kind == stage.kind and f"/{order}/" in call.key and bool(re.search(stage.key, call.key))
    )


def skipped(stage: Stage, draw: random.Random) -> int:
    """Draw at which of the four chapters it happens."""
    return draw.randrange(4) if stage.key == CHUNK else 0


def printed_in_peace(printers: Printers, order: str) -> bytes:
    """Return the book of the same checkpoints after S3 has lost all that was made of them."""
    pressroom, bucket = printers.pressroom, printers.pressroom.stack.env["S3_BUCKET"]
    for one in pressroom.s3().list_objects_v2(Bucket=bucket, Prefix=f"orders/{order}/")["Contents"]:
        pressroom.s3().delete_object(Bucket=bucket, Key=one["Key"])
    (letter,) = pressroom.letters(order)
    link = re.search(r"https?://\S+/reports/life_clarity\.pdf", letter.text)
    assert link is not None

    def click() -> bytes:
        answer = plain_http.get(link[0], follow_redirects=True, timeout=30)
        return answer.content if answer.is_success else b""

    return pressroom.until("printing", click)


@pytest.mark.parametrize("stage", STAGES)
def test_a_worker_killed_when(printers: Printers, orders: dict[str, str], stage: str) -> None:
    """No chapter whose checkpoint is written is set again, nothing is bought, and the file is as in peace."""
    order = orders[stage]
    check_delivered(printers.pressroom, order, repaid=0)
    unfinished = 1 if stage in {STORED, FETCHED} else 0
    assert sum(printers.chunks(order).values()) <= 4 + unfinished
    assert len(printers.chunks(order)) == 4
    book = printers.pressroom.book(order)
    assert printed_in_peace(printers, order) == book


def test_a_child_killed_in_the_middle_of_a_chapter(printers: Printers) -> None:
    """Another child sets it for the same worker; every chapter is stored once, and the file is the same."""
    pressroom, event = printers.pressroom, printers.pressroom.event()
    order = event["data"]["object"]["id"]
    pressroom.stack.llm.add_fault(kind="text", text=LONG, section="where_you_stand", order=order, times=1)
    assert pressroom.send(event).status_code == 200
    # The last chapter is alone with its child: whoever works works on it.
    left = {"order": order, "kind": {"$in": ["write", "render"]}, "state": {"$ne": "done"}}
    pressroom.until("all but the last", lambda: pressroom.db.steps.count_documents(left) == 1)
    died = deaths(pressroom)
    kill_who_works(children(pressroom))
    check_printed(printers, order, died + 1)


def test_a_child_killed_in_the_middle_of_binding(printers: Printers) -> None:
    """Another child binds the book for the same worker; no chapter is set again, and the file is the same."""
    pressroom, event = printers.pressroom, printers.pressroom.event()
    order = event["data"]["object"]["id"]
    storing = printers.gate.trap(fitting(order, LAST_CHAPTER), obeyed=True, skipped=3)
    assert pressroom.send(event).status_code == 200
    assert storing.sprung.wait(60)
    died, idle = deaths(pressroom), children(pressroom)
    storing.opened.set()
    kill_who_works(idle)
    check_printed(printers, order, died + 1)


def check_printed(printers: Printers, order: str, died: int) -> None:
    """Check that one more child's death was noticed, and cost nothing but that child's work."""
    check_delivered(printers.pressroom, order, repaid=0)
    assert deaths(printers.pressroom) == died
    assert list(printers.chunks(order).values()) == [1] * 4
    book = printers.pressroom.book(order)
    assert printed_in_peace(printers, order) == book


def deaths(pressroom: Pressroom) -> int:
    """Return of how many children at work the worker has said that they died."""
    return pressroom.part("worker-life_clarity").output().count("A child process died")


def kill_who_works(children: dict[Path, int]) -> None:
    """Kill the first of some children that uses the processor, as soon as it does."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for stat, before in children.items():
            if used(stat) > before:
                os.kill(int(stat.parent.name), signal.SIGKILL)
                return
    pytest.fail(f"no child did anything within {PATIENCE_S} s")


def children(pressroom: Pressroom) -> dict[Path, int]:
    """Return what the children of the worker's forkserver have used of the processor, by their `stat` files."""
    worker = pressroom.part("worker-life_clarity").pid
    parents = {stat: int(fields(stat)[1]) for stat in Path("/proc").glob("[0-9]*/stat")}
    servers = {int(stat.parent.name) for stat, parent in parents.items() if parent == worker}
    return {stat: used(stat) for stat, parent in parents.items() if parent in servers}


def used(stat: Path) -> int:
    """Return a process's time in ticks."""
    return int(fields(stat)[11]) + int(fields(stat)[12])


def fields(stat: Path) -> list[str]:
    """Return what the kernel says of a process after its name, which may hold anything; zeros if it has ended."""
    try:
        return stat.read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * 50
