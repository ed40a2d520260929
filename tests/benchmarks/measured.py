"""What a measurement comes to, and what it says while it runs."""

from typing import Any, NamedTuple

from rich.console import Console

_PROGRESS = Console(stderr=True, soft_wrap=True, highlight=False)

Row = dict[str, Any]


class Measured(NamedTuple):
    """The rows of one table, its title, which states latencies and limits, and the figures by name."""

    title: str
    rows: list[Row]
    figures: dict[str, float]


def say(what: str) -> None:
    """Tell whoever waits how far it is."""
    _PROGRESS.print(f"[dim]… {what}[/dim]")
