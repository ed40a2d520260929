"""A small installation of simulated machines: web, workers, sweeps, and what they share outside."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import cache
from inspect import unwrap
from typing import Any, cast

from dramatiq.brokers.stub import StubBroker

from actors.deps.mailing import MailDeps
from actors.deps.process import Deps
from actors.deps.room import Room
from actors.deps.worker import WorkDeps
from actors.products.catalogue import MAIL_QUEUE, queues_of
from actors.products.plans import FORMATS, PlanShelf
from actors.sweep.sweep import sweep_for_ever
from actors.worker.actors import declare_actors
from actors.worker.heartbeat import ClaimsAudit, beat_once
from handlers.webhook.inbox import EventInbox
from infra.broker.broker import Broker
from infra.errors import TransientError
from infra.llm.prices import Prices, read_prices
from infra.settings import Settings, read_settings
from storage.objects import ObjectStore
from storage.records.work import WorkerFacts
from tests.simulation.database import Heard, SimulatedDatabase, Store, Twist
from tests.simulation.machines import Machine
from tests.simulation.post import PostBox, PostOffice
from tests.simulation.scheduler import Scheduler
from tests.simulation.script import Fault
from tests.simulation.vendors import Children, Postman, Press, Provider, Shelf, Stripe

#: As in the real worker.
_BEAT_S = 2.0
#: Longer than in the real sweep, since each round costs this machine's time; two sweeps are not in step.
_ROUNDS_S = (3.0, 7.0)
#: Messages of a queue that a worker has in hand at once.
_HANDS = 2
_SETTINGS = {
    "MONGODB_URL": "mongodb://127.0.0.1/simulation",
    "REDIS_URL": "redis://127.0.0.1/0",
    "STRIPE_API_KEY": "sk_test_simulation",
    "STRIPE_WEBHOOK_SECRET": "whsec_simulation",
    "STRIPE_LIVEMODE": "false",
    "OPENAI_API_KEY": "sk-simulation",
    "OPENAI_MODEL": "gpt-5-mini",
    "LLM_REQUESTS_PER_MINUTE": "600",
    "LLM_TOKENS_PER_MINUTE": "1000000",
    "LLM_TIMEOUT_S": "10",
    "STEP_GIVE_UP_S": "300",
    "S3_BUCKET": "simulation",
    "MAIL_URL": "smtp://127.0.0.1",
    "MAIL_FROM": "Pressroom <reports@pressroom.example>",
    "ALERT_MAIL": "operator@pressroom.example",
    "PUBLIC_URL": "http://127.0.0.1",
    "SECRET_KEY": "simulation-simulation",
}


class _NoRecords:
    """Stripe's records, which name nothing that the webhook missed."""

    async def undelivered_events(self, kinds: list[str], since: int) -> AsyncIterator[dict[str, Any]]:
        """Yield none."""
        for one in kinds[since:]:
            yield {"id": one}

    async def complete_sessions(self, since: int) -> AsyncIterator[dict[str, Any]]:
        """Yield none."""
        for one in [0][since:]:
            yield {"id": str(one)}

    async def charge(self, intent: str) -> dict[str, Any]:
        """Fail: nobody asks."""
        raise NotImplementedError(intent)


class World:
    """All machines, and the servers around them. A machine that dies is replaced at once."""

    def __init__(self, store: Store, scheduler: Scheduler, twist: Twist, heard: Heard) -> None:
        """Prepare the servers. Nothing runs yet."""
        self._scheduler = scheduler
        self._db = SimulatedDatabase(store, scheduler, twist, heard)
        self.post, self.postman = PostOffice(), Postman()
        self.provider, self.shelf, self.stripe = Provider(scheduler), Shelf(scheduler), Stripe(scheduler)
        self.machines: list[Machine] = []
        self.failures: list[str] = []
        self._roles: dict[Machine, Callable[[], None]] = {}
        self.web: Machine
        self.inbox: EventInbox
        self.desk: Deps

    def start(self, queues: tuple[str, ...]) -> None:
        """Start a web process, two sweeps, and two workers for each of those queues."""
        self._start_web()
        for number, every_s in enumerate(_ROUNDS_S, start=1):
            self._start_sweep(f"sweep-{number}", every_s)
        for queue in queues:
            for number in (1, 2):
                self._start_worker(f"{queue}-{number}", queue)

    def replace(self, machine: Machine) -> None:
        """Start another process in the place of a dead one."""
        self._roles[machine]()

    def _machine(self, name: str, start_again: Callable[[], None]) -> Machine:
        before = sum(machine.name.partition("'")[0] == name for machine in self.machines)
        machine = Machine(name + "'" * before, self._scheduler.dice.skew_s())
        self.machines.append(machine)
        self._roles[machine] = start_again
        return machine

    def _deps(self, machine: Machine) -> Deps:
        broker = cast("Broker", PostBox(self.post, self._scheduler, f"broker of {machine.name}"))
        objects, plans = cast("ObjectStore", self.shelf), PlanShelf(self._db)
        return Deps(settings(), machine.clock, self._db, broker, objects, plans, prices=_prices())

    def _start_web(self) -> None:
        self.web = self._machine("web", self._start_web)
        self.desk = self._deps(self.web)
        self.inbox = EventInbox(self.desk)

    def _start_sweep(self, name: str, every_s: float) -> None:
        machine = self._machine(name, lambda: self._start_sweep(name, every_s))
        deps = MailDeps(**vars(self._deps(machine)), mailer=self.postman, alerts=Room(4))
        machine.run(self._watched(_sweep_later(deps, every_s, self._scheduler.dice.delay_s())))

    def _start_worker(self, name: str, queue: str) -> None:
        machine = self._machine(name, lambda: self._start_worker(name, queue))
        deps = WorkDeps(
            **vars(self._deps(machine)),
            worker=machine.name,
            llm=self.provider,
            typesetter=Press(),
            children=Children(),
            mailer=self.postman,
            stripe=self.stripe,
            letters=Room(_HANDS),
            alerts=Room(_HANDS // 2),
        )
        machine.run(self._watched(self._work(machine, deps, queue)))

    async def _work(self, machine: Machine, deps: WorkDeps, queue: str) -> None:
        facts: WorkerFacts = {
            "queue": queue,
            "threads": _HANDS,
            "broker_id": deps.broker.broker_id,
            "formats": [*FORMATS],
            "host": machine.name,
            "pid": 1,
            "started_at": deps.clock.now(),
        }
        while not await _beat(deps, facts):
            await deps.clock.sleep(_BEAT_S)
        registry = StubBroker(middleware=[])
        registry.actor_options |= {"max_retries", "time_limit"}
        declare_actors(cast("Broker", registry), queue, deps)
        machine.run(_beat_for_ever(deps, facts))
        machine.run(ClaimsAudit(deps, queue).audit_for_ever())
        for one in queues_of(queue):
            for _ in range(_HANDS):
                machine.run(self._watched(self._consume(deps, registry, one)))

    async def _consume(self, deps: WorkDeps, registry: StubBroker, queue: str) -> None:
        box = cast("PostBox", deps.broker)
        while True:
            message = await box.take(queue, lambda: deps.pulse.is_young(deps.clock))
            if message is not None:
                # Without the bridge to Dramatiq's threads.
                await unwrap(registry.actors[message.actor_name].fn)(**message.kwargs)
                await box.acknowledge(message)

    async def _watched(self, work: Coroutine[Any, Any, None]) -> None:
        """Note an error that nobody expects: none may leave an actor or a sweep."""
        try:
            await work
        except Exception as error:
            self.failures.append(f"{type(error).__name__}: {error}")
            raise

    def strike(self, machine: Machine, fault: Fault) -> None:
        """Take note that a process dies, freezes or waits: the fate of its letters in the air may be unknown."""
        for mail in self.postman.in_air:
            if mail.machine is machine:
                mail.in_doubt = True
        if fault.kind == "crash":
            self.replace(machine)


async def _sweep_later(deps: MailDeps, every_s: float, delay_s: float) -> None:
    await deps.clock.sleep(delay_s)
    await sweep_for_ever(deps, _NoRecords(), every_s, asyncio.Event())


async def _beat(deps: WorkDeps, facts: WorkerFacts) -> bool:
    try:
        await beat_once(deps, deps.db, facts)
    except TransientError:
        return False  # the next beat makes it good
    return True


async def _beat_for_ever(deps: WorkDeps, facts: WorkerFacts) -> None:
    while True:
        await deps.clock.sleep(_BEAT_S)
        await _beat(deps, facts)


def queues_for(products: tuple[str, ...]) -> tuple[str, ...]:
    """Return the queues whose workers make and mail those products."""
    return (*products, MAIL_QUEUE)


@cache
def settings() -> Settings:
    """Return the settings of every process."""
    return read_settings(_SETTINGS)


@cache
def _prices() -> Prices:
    return read_prices()
