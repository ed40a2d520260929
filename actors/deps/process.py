"""What every process is given: built once when it starts, passed in, never imported."""

from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from actors.deps.timers import Timers
from actors.deps.webhook import IntakeDeps
from actors.products.plans import PlanShelf
from infra.settings import Settings
from storage.database import Document
from storage.objects import ObjectStore
from storage.rounds import Rounds


@dataclass(frozen=True)
class Deps(IntakeDeps):
    """What every process has: web, worker, sweep and command line."""

    settings: Settings
    objects: ObjectStore
    plans: PlanShelf
    timers: Timers = field(default_factory=Timers, kw_only=True)
    #: What advances together, by report; each is there for as long as somebody waits for it.
    advances: WeakValueDictionary[str, Rounds[Document, None]] = field(
        default_factory=WeakValueDictionary, kw_only=True
    )
