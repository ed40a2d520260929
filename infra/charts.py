"""Pictures of a few numbers, as plain values: a product says what to show, the renderer draws it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """Something on a wheel: from the place `at` as far as `until`, in the direction of its parts, or a point.

    Places are parts from the beginning of the first: of twelve, 2.5 is the middle of the third, and 14.5 too.
    `label` says in words what it is and where.
    """

    at: float
    label: str
    until: float | None = None


@dataclass(frozen=True)
class Wheel:
    """A circle of equal, named parts, counter-clockwise from nine o'clock as on charts of the sky, with marks.

    `title` says what it shows to those who cannot see it; the marks' labels are printed below it.
    """

    title: str
    parts: tuple[str, ...]
    marks: tuple[Mark, ...]
