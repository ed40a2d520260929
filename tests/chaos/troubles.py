"""Troubles of servers and processes, each for the length of a `with` block."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial

import redis

from infra.local.part import Part
from infra.local.ports import HOST
from tests.chaos.proxy import Mode
from tests.chaos.scene import Scene
from tests.fail_points import failing

Trouble = Callable[[Scene], AbstractContextManager[None]]

_OUT_OF_DISK_SPACE = 14031
_WRITES = ("insert", "update", "findAndModify", "delete")
#: Longer than a worker may be silent before the sweep takes its claims: a zombie wakes up.
_ZOMBIE_S = 12.0


@contextmanager
def _turned(server: str, mode: Mode, scene: Scene) -> Iterator[None]:
    proxy = scene.proxies[server]
    with ExitStack() as held:
        if server == "llm":
            held.enter_context(scene.held_up())
        if server == "mail":
            held.enter_context(scene.unheard())
        proxy.turn(mode)
        held.callback(proxy.turn, "open")
        yield


@contextmanager
def _flushed(scene: Scene) -> Iterator[None]:
    """Redis loses all that it holds."""
    scene.pressroom.redis.flushall()
    yield


@contextmanager
def _killed(scene: Scene) -> Iterator[None]:
    """Redis dies, and comes back with what it has on disk."""
    part = scene.stack.part("redis")
    part.kill()
    yield
    part.start()


@contextmanager
def _stopped(part: Part) -> Iterator[None]:
    os.kill(part.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(part.pid, signal.SIGCONT)


def _hanging(scene: Scene) -> AbstractContextManager[None]:
    """Redis hangs: it takes connections, and answers nobody."""
    return _stopped(scene.stack.part("redis"))


@contextmanager
def _read_only(scene: Scene) -> Iterator[None]:
    """Redis is a replica after a failover, and refuses writes."""
    server: redis.Redis = scene.pressroom.redis
    server.execute_command("REPLICAOF", HOST, "1")
    try:
        yield
    finally:
        server.execute_command("REPLICAOF", "NO", "ONE")


@contextmanager
def _lost_primary(way: str, scene: Scene) -> Iterator[None]:
    """MongoDB's primary is killed, stands still or steps down; the set elects another one."""
    assert scene.primary is not None
    with scene.held_up():
        if way == "kill":
            scene.kills["mongodb"] += 1
        getattr(scene.primary, way)()
        try:
            yield
        finally:
            scene.primary.mend()


@contextmanager
def _full_disk(scene: Scene) -> Iterator[None]:
    """MongoDB's primary answers writes with its disk's error."""
    part = scene.primary.part if scene.primary is not None else scene.stack.part("mongodb")
    with scene.held_up(), failing(part.port or 0, _WRITES, errorCode=_OUT_OF_DISK_SPACE):
        yield


@contextmanager
def _failing_llm(scene: Scene) -> Iterator[None]:
    """The provider answers with errors, and cuts lines."""
    scene.stack.llm.add_faults({"status": 503}, {"status": 429, "retry_after": 1}, {"kind": "reset"})
    with scene.held_up():
        yield
    scene.stack.llm.clear_faults()


@contextmanager
def _zombie(scene: Scene) -> Iterator[None]:
    """A worker stands still until its work is another's, and wakes up."""
    workers = [part for part in scene.pressroom.parts if part.name.startswith("worker") and part.running]
    scene.freeze(random.Random(len(scene.auditor.accidents)).choice(workers), _ZOMBIE_S)
    yield


@contextmanager
def _deploy(scene: Scene) -> Iterator[None]:
    """Every process is replaced, one after the other."""
    for part in scene.pressroom.parts:
        scene.replace(part)
    yield


_MODES: tuple[Mode, ...] = ("down", "slow", "deaf", "mute")
_OF_PROXIES: dict[str, Trouble] = {
    f"{server} is {mode}": partial(_turned, server, mode)
    for server, mode in ((server, mode) for server in ("redis", "s3", "mail", "llm") for mode in _MODES)
}
#: What a set of three takes, and one server does not.
OF_SETS: dict[str, Trouble] = {
    "primary is killed": partial(_lost_primary, "kill"),
    "primary stands still": partial(_lost_primary, "freeze"),
    "primary steps down": partial(_lost_primary, "step_down"),
}
OF_SERVERS: dict[str, Trouble] = {
    **_OF_PROXIES,
    "redis is flushed": _flushed,
    "redis is killed": _killed,
    "redis hangs": _hanging,
    "redis is a replica": _read_only,
    "primary's disk is full": _full_disk,
    "llm fails": _failing_llm,
}
#: Those after which something has piled up, if they last.
LASTING = [f"{server} is {mode}" for server in ("redis", "s3", "mail", "llm") for mode in ("down", "deaf")]
OF_PROCESSES: dict[str, Trouble] = {"a worker is a zombie": _zombie, "all is deployed anew": _deploy}


def draw(deck: list[str], count: int) -> list[str]:
    """Take so many troubles from a deck, each of another server, which its first word names."""
    drawn: dict[str, str] = {}
    for name in deck[:]:
        server = name.split()[0].removesuffix("'s")
        if len(drawn) < count and server not in drawn:
            drawn[server] = name
            deck.remove(name)
    return list(drawn.values())


def last(scene: Scene, seconds: float, *names: str) -> float:
    """Have troubles at once, for so long. Returns when they were over, in Unix time."""
    troubles = OF_SERVERS | OF_SETS | OF_PROCESSES
    if not OF_PROCESSES.keys() >= set(names):
        scene.resumption.troubled_until = float("inf")
    with ExitStack() as held:
        for name in names:
            held.enter_context(troubles[name](scene))
        time.sleep(seconds)
    over = time.time()
    if scene.resumption.troubled_until > over:
        scene.resumption.troubled_until = over
    return over
