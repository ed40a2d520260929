"""View of the installation: its front door, its provider, its queues and workers, and all that waits."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypedDict, cast

from actors.deps.process import Deps
from handlers.views.door import DoorView, door_view
from handlers.views.machines import QueueView, WorkerView, queue_views, worker_views
from handlers.views.orders import as_text
from handlers.views.provider import LimitsView, ProviderView, limits_view, provider_view
from handlers.views.work import WorkView, work_view
from infra.errors import describe
from infra.logs import log
from storage.figures import alerts_of_kinds
from storage.workers import SWEEP_TURNS_S, has_sweep

#: A part that cannot be looked at within that is unknown.
_DEADLINE_S = 5.0
#: Alerts of the installation that are shown.
_MOST_TROUBLES = 100
#: The kinds of alerts that are about the installation.
_OF_INSTALLATION = ("account", "no_worker", "no_sweep", "redis", "sweep", "model_ends", "reconcile")


class TroubleView(TypedDict):
    """Trouble of the installation that an operator heard, or is to hear of."""

    kind: str
    subject: str | None
    text: str
    since: str | None


class StatusView(TypedDict):
    """Status of the installation. A part is None if it is not to be had; `unknown` names those."""

    at: str | None
    unknown: list[str]
    door: DoorView | None
    provider: ProviderView | None
    limits: LimitsView | None
    queues: list[QueueView] | None
    workers: list[WorkerView] | None
    sweeps: bool | None
    work: WorkView | None
    troubles: list[TroubleView] | None


async def status(deps: Deps) -> StatusView:
    """Return the status of the installation, as far as its servers answer within five seconds."""
    parts: dict[str, Coroutine[Any, Any, object]] = {
        "door": door_view(deps),
        "provider": provider_view(deps),
        "limits": limits_view(deps),
        "queues": queue_views(deps),
        "workers": worker_views(deps),
        "sweeps": has_sweep(deps.db, SWEEP_TURNS_S),
        "work": work_view(deps),
        "troubles": _troubles(deps),
    }
    found = await asyncio.gather(*(_known(name, part) for name, part in parts.items()))
    known = dict(zip(parts, found, strict=True))
    unknown = [name for name, part in known.items() if part is None]
    return cast("StatusView", {"at": as_text(deps.clock.now()), "unknown": unknown, **known})


async def _known(name: str, part: Coroutine[Any, Any, object]) -> object:
    """Return a part. None if it is not to be had: one that is broken must not hide the others."""
    try:
        return await asyncio.wait_for(part, _DEADLINE_S)
    except Exception as error:  # noqa: BLE001  # whatever it is, the part is unknown, and the log says why
        log.warning("part_unknown", part=name, error=describe(error))
        return None


async def _troubles(deps: Deps) -> list[TroubleView]:
    found = await alerts_of_kinds(deps.db, _OF_INSTALLATION, _MOST_TROUBLES)
    found.sort(key=lambda alert: alert["at"], reverse=True)
    return [
        {
            "kind": alert["kind"],
            "subject": alert["event"] or alert["order"],
            "text": alert["text"],
            "since": as_text(alert["at"]),
        }
        for alert in found
    ]
