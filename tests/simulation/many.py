"""Seeds in bulk: what a process of `make simulate` does with its share of them."""

import os
from typing import NamedTuple

import structlog

from tests.simulation.database import Store, open_store
from tests.simulation.planted import PLANTED, seed_that_finds
from tests.simulation.products import sold
from tests.simulation.run import run
from tests.simulation.script import script_of
from tests.simulation.shrinking import shrunk
from tests.simulation.words import words_for

#: Seeds that a process runs before it tells of them.
SHARE = 20


class Seen(NamedTuple):
    """Run as it is counted: its story, turns and faults, and the words for it if it failed."""

    seed: int
    befalls: str
    turns: int
    faults: int
    words: list[str]


_stores: list[Store] = []


def prepare(url: str) -> None:
    """Open a database of this process's own on the given server, and log nothing."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    _stores.append(open_store(url.replace("/pressroom?", f"/simulation_{os.getpid()}?")))


def run_share(first: int) -> list[Seen]:
    """Run the seeds from that one on."""
    with sold():
        return [_see(seed, _stores[0]) for seed in range(first, first + SHARE)]


def replaced_seeds() -> dict[str, int | None]:
    """Return for each planted bug that its seed no longer finds, by its name, one that does."""
    with sold():
        found = {bug: seed_that_finds(bug, _stores[0]) for bug in PLANTED}
    return {bug.__name__: seed for bug, seed in found.items() if seed != PLANTED[bug]}


def _see(seed: int, store: Store) -> Seen:
    found = run(script_of(seed), store)
    words = words_for(shrunk(found, lambda script: run(script, store))) if found.wrong else []
    return Seen(seed, found.story.befalls, found.turns, len(found.met), words)
