"""Pictures of a few numbers, as plain values: a product chooses them, the renderer draws them."""

from collections.abc import Sequence
from dataclasses import dataclass

#: What a page has room for.
_MOST_BARS, _MOST_POINTS = 12, 60
_MOST_VALUE = 1e15


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


@dataclass(frozen=True)
class Bar:
    """A bar from nought to `value`; `label`, which says the value in words, stands above it."""

    value: float
    label: str


@dataclass(frozen=True)
class Bars:
    """Horizontal bars on one scale, the first on top. ValueError if they are none, too many, or too large.

    `title` describes them to readers who cannot see them.
    """

    title: str
    bars: tuple[Bar, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        _refuse_undrawable([bar.value for bar in self.bars], most=_MOST_BARS)


@dataclass(frozen=True)
class Point:
    """A value of a line, with its name on the axis. One with a `label` is marked, and said in words below."""

    value: float
    name: str
    label: str = ""


@dataclass(frozen=True)
class Line:
    """A line through values at equal distances, from the left. ValueError as of bars."""

    title: str
    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        _refuse_undrawable([point.value for point in self.points], most=_MOST_POINTS)


Chart = Wheel | Bars | Line


def _refuse_undrawable(values: Sequence[float], most: int) -> None:
    if not 1 <= len(values) <= most:
        raise ValueError(f"A chart has 1 to {most} values, not {len(values)}.")
    if not all(abs(value) <= _MOST_VALUE for value in values):
        raise ValueError("A value of a chart is too large, or not finite.")
