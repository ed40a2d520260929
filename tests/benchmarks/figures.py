"""What every benchmark ends with: a table for people, and its figures in a file for scripts."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

FOLDER = Path("bench-output")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which that share of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def publish(name: str, title: str, rows: Sequence[dict[str, Any]], figures: dict[str, float]) -> None:
    """Print the rows as a table, then the figures, and write both to bench-output/NAME.json."""
    table = Table(title=title, box=None, header_style="bold", title_justify="left")
    for column in rows[0]:
        table.add_column(column, justify="left" if column == next(iter(rows[0])) else "right")
    for row in rows:
        table.add_row(*(f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row.values()))
    console = Console()
    console.print(table)
    for figure, value in figures.items():
        console.print(f"{figure} = {value:.4g}")
    FOLDER.mkdir(exist_ok=True)
    kept = {"figures": figures, "rows": list(rows)}
    (FOLDER / f"{name}.json").write_text(json.dumps(kept, indent=2) + "\n")
