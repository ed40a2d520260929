"""Dependencies of a process that mails: a worker, or the sweep, which tells the alerts that no worker tells."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from actors.deps.process import Deps
from actors.deps.room import Room
from infra.mail.letter import Letter
from infra.mail.transport import transport_for

#: The mails of alerts in the air of a process that is no worker. One that hangs takes a thread, of six or more.
_ALERTS_AT_ONCE = 4


class Mailer(Protocol):
    """Mailer that sends one letter, and blocks meanwhile."""

    def send(self, letter: Letter, seconds_left: Callable[[], float]) -> str:
        """Send the letter, and return the server's answer."""


@dataclass(frozen=True)
class MailDeps(Deps):
    """Dependencies of every process, and a mailer. `alerts` is the room for the mail of alerts."""

    mailer: Mailer
    alerts: Room = field(default_factory=partial(Room, _ALERTS_AT_ONCE), kw_only=True)


def with_mailer(deps: Deps) -> MailDeps:
    """Return dependencies with the mail server of the settings, or as they are if they have a mailer."""
    if isinstance(deps, MailDeps):
        return deps
    return MailDeps(**vars(deps), mailer=transport_for(deps.settings))
