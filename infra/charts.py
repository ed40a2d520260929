"""Pictures of a few numbers, as plain values: a product chooses them, the renderer draws them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """A point on a wheel at the place `at`, or an arc from there to `until`, in the direction of its parts.

    Places are parts from the beginning of the first: of twelve, 2.5 is the middle of the third, and 14.5 too.
    `label` describes the mark and its place in words.
    """

    at: float
    label: str
    until: float | None = None


@dataclass(frozen=True)
class Wheel:
    """A circle of equal, named parts, counter-clockwise from nine o'clock as on charts of the sky, with marks.

    `title` describes it to readers who cannot see it; the marks' labels are printed below it.
    """

    title: str
    parts: tuple[str, ...]
    marks: tuple[Mark, ...]
