"""Members of JSON that others write, in which anything may be missing, null, or of another type."""

from typing import Any


def member(of: object, *names: str) -> Any:
    """Return what has those names, one inside the other. None where there is nothing of a name."""
    for name in names:
        of = of.get(name) if isinstance(of, dict) else None
    return of


def text_or_none(value: object) -> str | None:
    """Return a value that is text. None for all others."""
    return value if isinstance(value, str) else None
