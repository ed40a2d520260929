"""Dependencies of every process: built once when it starts, passed in, never imported."""

from dataclasses import dataclass, field
from functools import partial
from weakref import WeakValueDictionary

from actors.deps.intake import IntakeDeps
from actors.deps.recent import Recent
from actors.deps.timers import Timers
from actors.products.plans import PlanShelf
from infra.group_commit import GroupCommit
from infra.llm.prices import Prices, read_prices
from infra.settings import Settings
from storage.objects import ObjectStore
from storage.records.work import Step, WorkPause


@dataclass(frozen=True)
class Deps(IntakeDeps):
    """Dependencies that web, worker, sweep and command line share."""

    settings: Settings
    objects: ObjectStore
    plans: PlanShelf
    prices: Prices = field(default_factory=read_prices, kw_only=True)
    timers: Timers = field(default_factory=Timers, kw_only=True)
    #: Pauses of work, which may be unknown to a process for a second.
    recent_pauses: Recent[list[WorkPause]] = field(default_factory=partial(Recent, 1.0), kw_only=True)
    #: Groups of steps that advance together, by report. Each is there for as long as a caller waits for it.
    advances: WeakValueDictionary[str, GroupCommit[Step, None]] = field(
        default_factory=WeakValueDictionary, kw_only=True
    )
