"""Books of growing length: time should grow like their sections, memory hardly."""

from tests.benchmarks.measured import Measured, say
from tests.benchmarks.pdf.runs import run

_SECTIONS = (40, 161, 322, 644)


def measure() -> Measured:
    """Make a book of each length once."""
    rows = []
    for sections in _SECTIONS:
        row = run("ours", sections)
        row["ms a section"] = 1000 * row["wall s"] / sections
        say(f"{sections} sections: {row['wall s']:.1f} s, {row['tree MB']:.0f} MB")
        rows.append(row)
    return Measured("Our way, at growing length", rows, {"render_tree_mb_644": rows[-1]["tree MB"]})
