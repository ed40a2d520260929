"""One long report's book, made in every way there is."""

from statistics import median

from tests.benchmarks.measured import Measured, Row, say
from tests.benchmarks.pdf.runs import run

_SECTIONS = 161
#: Ours and the floor are taken in turns, so that the machine's moods hit both alike.
_ROUNDS = 3


def measure() -> Measured:
    """Make it in each way; ours and the floor three times, of which the medians count."""
    rows = [_made("one document"), _made("joined by pypdf")]
    rounds = [(_made("ours"), _made("floor")) for _ in range(_ROUNDS)]
    ours, floor = (_medians([pair[at] for pair in rounds]) for at in (0, 1))
    figures = {
        # Two children share the work, so the floor is half of what one process needs of a processor.
        "render_ratio_to_floor": ours["wall s"] / (floor["cpu s"] / 2),
        # What is left of that ratio on a machine that others keep busy.
        "render_cpu_to_floor": ours["cpu s"] / floor["cpu s"],
        "render_tree_mb": max(mine["tree MB"] for mine, _ in rounds),
        "pdf_mb": ours["file MB"],
    }
    title = (
        f"A book of {_SECTIONS} sections, two children; the floor sets and writes the same chapters in one process"
    )
    return Measured(title, [*rows, ours, floor], figures)


def _made(way: str) -> Row:
    row = run(way, _SECTIONS)
    say(f"{way}: {row['wall s']:.1f} s, of the processor {row['cpu s']:.1f} s, {row['tree MB']:.0f} MB")
    return row


def _medians(rows: list[Row]) -> Row:
    return {
        name: median(row[name] for row in rows) if isinstance(value, float) else value
        for name, value in rows[0].items()
    }
