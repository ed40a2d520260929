"""One way of making a book, run and watched from outside."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.measured import Row
from tests.benchmarks.pdf.tree import Tree

_WITHIN_S = 600


def run(way: str, sections: int) -> Row:
    """Make a book; what it took, with the peak of its processes' memory and the size of its file."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "book.pdf"
        command = [sys.executable, "-m", "tests.benchmarks.pdf.ways", way, str(sections), str(out)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        # The process that asks our renderer is a worker, no part of it.
        with process, Tree(process.pid, with_root="ours" not in way) as tree:
            said, _ = process.communicate(timeout=_WITHIN_S)
        assert process.returncode == 0, f"{way} failed for {sections} sections"
        size = out.stat().st_size / 1e6 if out.exists() else 0.0
    took = json.loads(said)
    return {
        "way": way,
        "sections": sections,
        "pages": took.get("pages", ""),
        "wall s": took["wall s"],
        "cpu s": took["cpu s"],
        "tree MB": tree.peak_mb,
        "file MB": size,
    }
