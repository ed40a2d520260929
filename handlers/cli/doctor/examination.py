"""Examination of an installation: its settings, and all of its servers at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import chain
from typing import NamedTuple

from actors.deps.process import Deps
from handlers.cli.common import Row
from handlers.cli.doctor.bucket import try_bucket
from handlers.cli.doctor.findings import DEADLINE_S, find
from handlers.cli.doctor.llm import CALL_S, budget, call, model
from handlers.cli.doctor.stripe_account import EVENT_S, endpoint, event, key
from handlers.cli.doctor.typesetter import try_typesetter
from handlers.cli.doctor.webhook import send_event, webhook_of
from handlers.web.health import agrees
from infra.mail.transport import Transport, transport_for
from infra.places.clocks import zones_have_history
from infra.settings import cost_of_ending
from infra.stripe.client import Stripe
from storage.replica_set import expect_replica_set

#: Of many tenants, the names that a line has room for.
_SHOWN = 10
#: The driver looks for a primary for half of it, and then it is known why there is none.
_DATABASE_S = 15.0
#: An attempt at Stripe has so many seconds to connect, and so many to answer.
_STRIPE_S = 4.5
#: The parts that can be examined alone: the first words of findings about them. `call` also needs the option.
PARTS = ("model", "mongodb", "clock", "redis", "mail", "stripe", "webhook", "call", "typesetter", "s3")


class Extent(NamedTuple):
    """Bounds of an examination: the webhook's address if it is not PUBLIC_URL's, and trials that are asked for.

    `parts` are those to be examined, all if there is none.
    """

    webhook: str | None
    event: bool
    call: bool
    parts: frozenset[str]

    def covers(self, server: str) -> bool:
        """Return whether that server is to be examined."""
        return not self.parts or server.split()[0] in self.parts


async def examine(deps: Deps, extent: Extent) -> list[Row]:
    """Return the findings, those about the settings first.

    A server has 15 s at most; the typesetter, and a call of the LLM, have 30.
    """
    mailer = await asyncio.to_thread(transport_for, deps.settings)
    trials = [trial for trial in _trials(deps, mailer, extent) if extent.covers(trial.server)]
    found = asyncio.gather(*(find(one.server, one.make(), one.within_s, one.says) for one in trials))
    several: dict[str, Callable[[], Awaitable[list[Row]]]]
    several = {"typesetter": try_typesetter, "s3": partial(try_bucket, deps)}
    groups = await asyncio.gather(found, *(make() for part, make in several.items() if extent.covers(part)))
    return [_tenants(deps), budget(deps), _ending(deps), _zones(), *chain.from_iterable(groups)]


class _Trial(NamedTuple):
    server: str
    make: Callable[[], Awaitable[object]]
    within_s: float = DEADLINE_S
    says: str = ""


def _trials(deps: Deps, mailer: Transport, extent: Extent) -> Iterator[_Trial]:
    """Yield the trials of a finding each."""
    stripe = Stripe(deps.settings, timeout_s=_STRIPE_S, retries=0)
    url = webhook_of(deps, extent.webhook)
    yield _Trial(f"model {deps.settings.openai_model}", partial(model, deps))
    yield _Trial(f"mongodb {deps.db.host}", partial(expect_replica_set, deps.db), _DATABASE_S, "answers")
    yield _Trial("clock", partial(agrees, deps), says="agrees with MongoDB's")
    examine_redis = partial(asyncio.to_thread, deps.broker.examine)
    yield _Trial("redis", examine_redis, says="answers, and keeps what waits")
    ask_mailer = partial(asyncio.to_thread, mailer.ping, deps.settings.mail_from, *deps.settings.operators)
    yield _Trial(f"mail {mailer.host}", ask_mailer, says="answers")
    yield _Trial("stripe key", partial(key, stripe))
    yield _Trial("stripe endpoint", partial(endpoint, deps, stripe, url))
    yield _Trial(f"webhook {url}", partial(send_event, deps, url))
    if extent.event:
        yield _Trial("stripe event", partial(event, deps, stripe), EVENT_S)
    if extent.call:
        yield _Trial("call", partial(call, deps), CALL_S)


def _tenants(deps: Deps) -> Row:
    """Name the brands that are served. An unusable TENANTS_FILE stops every command before it begins."""
    names = sorted(deps.tenants)
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    where = "TENANTS_FILE" if deps.settings.tenants_file else "no TENANTS_FILE"
    return {"server": "tenants", "well": True, "finding": f"{where}: {shown}"}


def _ending(deps: Deps) -> Row:
    """Say what it costs to end workers. Which platform waits how long is the operator's to know."""
    finding = cost_of_ending(deps.settings) or "calls in the air are waited for"
    return {"server": "end of workers", "well": True, "finding": finding}


def _zones() -> Row:
    """Say whether the system knows what clocks showed before 1970, by which births of then are reckoned."""
    well = zones_have_history()
    lack = "have no history before 1970: install the system's tzdata, as Debian has it, in place of PyPI's"
    return {"server": "time zones", "well": well, "finding": "have their history" if well else lack}
