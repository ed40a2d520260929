"""What every process is given: built once when it starts, passed in, never imported."""

from dataclasses import dataclass

from actors.engine.plans import PlanShelf
from infra.broker.broker import Broker
from infra.clock import Clock
from infra.settings import Settings
from storage.database import Database
from storage.objects import ObjectStore


@dataclass(frozen=True)
class Deps:
    """What every process has: web, worker, sweep and command line."""

    settings: Settings
    clock: Clock
    db: Database
    broker: Broker
    objects: ObjectStore
    plans: PlanShelf
