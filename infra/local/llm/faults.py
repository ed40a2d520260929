"""The faults that the stub has been asked for."""

from typing import Literal

import msgspec

Kind = Literal["status", "refusal", "truncated", "empty", "hang", "reset", "text"]


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """Answer a request that fits `section`, `product` and `order` (each: any, if not given) in another way.

    `times` times, for ever if not given. `status` alone means the kind `status`: an error with that HTTP status,
    `retry_after` seconds in its header if given. `refusal`, `truncated` and `empty` are answers without usable
    text; `text` answers exactly `text`; `hang` waits `seconds` and then answers; `reset` cuts the line.
    """

    kind: Kind | None = None
    status: int | None = None
    section: str | None = None
    product: str | None = None
    order: str | None = None
    times: int | None = None
    retry_after: float | None = None
    seconds: float = 30.0
    text: str = ""

    def __post_init__(self) -> None:
        if self.kind is None and self.status is not None:
            self.kind = "status"
        if self.kind is None:
            raise ValueError("give kind or status")
        if self.kind == "status" and not 400 <= (self.status or 0) <= 599:
            raise ValueError("status must be between 400 and 599")

    def fits(self, order: str, product: str, section: str) -> bool:
        """Whether it is meant for such a request."""
        wanted = (self.order, self.product, self.section)
        return all(want in (None, have) for want, have in zip(wanted, (order, product, section), strict=True))


class Faults:
    """The faults still to come, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, faults: list[Fault]) -> None:
        """Ask for faults."""
        self._waiting.extend(faults)

    def clear(self) -> None:
        """Ask for no more faults."""
        self._waiting.clear()

    def all(self) -> list[Fault]:
        """The faults still to come."""
        return list(self._waiting)

    def take(self, order: str, product: str, section: str) -> Fault | None:
        """The first fault that fits this request, used up by one."""
        for fault in self._waiting:
            if fault.fits(order, product, section):
                self._use(fault)
                return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times <= 0:
            self._waiting.remove(fault)
