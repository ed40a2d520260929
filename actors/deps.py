"""What every process is given: built once when it starts, passed in, never imported."""

from dataclasses import dataclass, field

from actors.engine.plans import PlanShelf
from actors.engine.turns import Turns
from actors.intake.deps import IntakeDeps
from infra.settings import Settings
from storage.objects import ObjectStore


@dataclass(frozen=True)
class Deps(IntakeDeps):
    """What every process has: web, worker, sweep and command line."""

    settings: Settings
    objects: ObjectStore
    plans: PlanShelf
    turns: Turns = field(default_factory=Turns, kw_only=True)
