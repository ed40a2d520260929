"""The faults that the mail server has been asked for."""

from typing import Literal

import msgspec

_SAYS = {
    421: "4.3.2 Service not available, closing transmission channel",
    450: "4.2.1 Mailbox unavailable, try again later",
    451: "4.3.0 Local error in processing",
    452: "4.3.1 Insufficient system storage",
    550: "5.1.1 No such user here",
    552: "5.2.2 Mailbox full",
    554: "5.6.0 Message rejected",
}


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """Answer with `code` instead of 250: `times` times, for ever if not given.

    With `address`, only to that recipient. `at` says when: as the recipient is named (usual with an address), at
    the end of the letter (usual without), or `lost`: the letter is kept, and the line cut before the answer.
    """

    code: int = 451
    address: str | None = None
    times: int | None = None
    at: Literal["recipient", "letter", "lost"] | None = None

    def __post_init__(self) -> None:
        if not 400 <= self.code <= 599:
            raise ValueError("code must be between 400 and 599")
        if self.at is None:
            self.at = "letter" if self.address is None else "recipient"

    @property
    def answer(self) -> str:
        """What the server says."""
        return f"{self.code} {_SAYS.get(self.code, 'Fault on request')}"


class Faults:
    """The faults still to come, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Ask for a fault."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Ask for no more faults."""
        self._waiting.clear()

    def all(self) -> list[Fault]:
        """The faults still to come."""
        return list(self._waiting)

    def take(self, at: str, recipients: list[str]) -> Fault | None:
        """The first fault that fits this moment, used up by one."""
        for fault in self._waiting:
            if fault.at == at and (fault.address is None or fault.address in recipients):
                self._use(fault)
                return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times <= 0:
            self._waiting.remove(fault)
