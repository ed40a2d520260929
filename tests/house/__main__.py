"""Table of the product's size and habits, without the local stack where nothing else is said."""

from collections.abc import Mapping
from pathlib import Path
from statistics import median

import click

from tests.house.circles import circles
from tests.house.source import Counts, count

ROOT = Path(__file__).parent.parent.parent
FOLDERS = ("handlers", "actors", "storage", "infra")
_LOCAL = "infra/local"


def sources() -> dict[str, str]:
    """Return the source of each of the product's modules, by its path below the repository's root."""
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def module_of(path: str) -> str:
    """Return the dotted name of the module, or of the package, at a path."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _folders(counted: Mapping[str, Counts]) -> dict[str, Counts]:
    """Return the sums of the folders at the root, and of those in them."""
    folders: dict[str, Counts] = {}
    for path, counts in counted.items():
        above = path.split("/")[:-1]
        for depth in range(min(len(above), 2)):
            folder = "/".join(above[: depth + 1])
            folders[folder] = folders.get(folder, Counts()) + counts
    return folders


def _habits(product: Counts) -> dict[str, str]:
    lengths = sorted(product.functions)
    nearly_all = lengths[int(0.95 * (len(lengths) - 1))]
    return {
        "lines of a function": f"{median(lengths):g} (median), {nearly_all} (95 %), {lengths[-1]} (longest)",
        "signatures with Document": f"{product.documents} of {len(lengths)}",
        "comprehensions": f"{product.comprehensions * 1000 / product.lines:.1f} in 1,000 lines",
        "ternaries": f"{product.ternaries * 1000 / product.lines:.1f} in 1,000 lines",
        "clauses without a noun": f"{product.nounless * 1000 / product.words:.1f} in 1,000 words of docstrings",
    }


def main() -> None:
    """Print the table."""
    found = sources()
    counted = {path: count(text) for path, text in found.items()}
    product = sum((one for path, one in counted.items() if not path.startswith(_LOCAL)), Counts())
    sums = {**_folders(counted), "in all": sum(counted.values(), Counts()), f"without {_LOCAL}": product}
    rings = circles({module_of(path): text for path, text in found.items()})
    click.echo("Lines without blanks, comments, docstrings and imports:")
    for name, counts in sums.items():
        click.echo(f"{name:<26}{counts.lines:>7,} in {counts.files:>3} files")
    for name, figure in {**_habits(product), "circles of imports": str(len(rings))}.items():
        click.echo(f"{name:<26}{figure}")
    for ring in rings:
        click.echo(f"  {', '.join(ring)}")


if __name__ == "__main__":
    main()
