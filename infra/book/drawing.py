"""Strokes of charts: the template draws them in a square of 600 units around 0, or in the upper part of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, cos, degrees, pi, sin
from typing import Literal

from infra.book.untrusted import one_line
from infra.charts import Bars, Chart, Line, Mark, Wheel

_SIDE = 600
_RIM, _INNER, _TRACK = 292, 246, 218  # radii: of the whole, of the ring of names within it, of the marks
_TICKS = 6  # to a part
_NAME_LENGTH, _LABEL_LENGTH, _AXIS_LENGTH, _ALL_LENGTH = 24, 160, 12, 1500
_ROW, _BAR_FROM, _BAR_TO = 50, 26, 42  # of a bar with its label above it
_PLOT_WIDTH, _PLOT_HEIGHT, _AXIS_HEIGHT = 560, 260, 40
_AXIS_NAMES = 8  # at most, of a line's points

Shape = Literal["wheel", "bars", "line"]


@dataclass(frozen=True)
class Stroke:
    """A path; `fill` and `line` are names of the palette's colours, or none."""

    path: str
    line: str = ""
    width: float = 1.0
    fill: str = ""


@dataclass(frozen=True)
class DrawnName:
    """A text at a point (in hundredths of the picture's width and height), turned clockwise by degrees."""

    text: str
    x: float
    y: float
    turn: float = 0.0


@dataclass(frozen=True)
class Label:
    """What a mark says in words below the picture, and whether the mark is a point or a stretch."""

    text: str
    is_point: bool


@dataclass(frozen=True)
class DrawnChart:
    """A chart as its template takes it; `height` in units, of which its width has 600.

    `title` says what can be seen, `description` what the labels say.
    """

    shape: Shape
    title: str
    height: float
    strokes: list[Stroke]
    names: list[DrawnName]
    labels: list[Label]

    @property
    def description(self) -> str:
        """The labels, or a bar's names, in one text."""
        said = [one.text for one in self.labels] or [one.text for one in self.names]
        return one_line("; ".join(said), _ALL_LENGTH)


def draw(chart: Chart) -> DrawnChart:
    """Compute the strokes of a chart. All texts become short single lines."""
    match chart:
        case Wheel():
            return _draw_wheel(chart)
        case Bars():
            return _draw_bars(chart)
        case Line():
            return _draw_line(chart)


def _draw_bars(chart: Bars) -> DrawnChart:
    values = [bar.value for bar in chart.bars]
    zero, end = min(0.0, *values), max(0.0, *values)
    unit = _SIDE / ((end - zero) or 1.0)
    height = _ROW * len(values)
    axis = _place(-zero * unit)
    strokes = [Stroke(f"M {axis} -300 V {height - 300}", line="hairline", width=1.5)]
    for at, value in enumerate(values):
        top, to = at * _ROW - 300, _place((value - zero) * unit)
        path = f"M {axis} {top + _BAR_FROM} H {to} V {top + _BAR_TO} H {axis} Z"
        strokes.append(Stroke(path, fill="accent"))
    names = [
        DrawnName(one_line(bar.label, _LABEL_LENGTH), 0.0, round((at * _ROW + _BAR_FROM / 2) / height * 100, 2))
        for at, bar in enumerate(chart.bars)
    ]
    return DrawnChart("bars", one_line(chart.title, _LABEL_LENGTH), height, strokes, names, [])


def _draw_line(chart: Line) -> DrawnChart:
    """Draw the line between its lowest and highest value. The title says all values, few of which are printed."""
    height = _PLOT_HEIGHT + _AXIS_HEIGHT
    places = _line_places([point.value for point in chart.points])
    level = [f"M -300 {y} H 300" for y in (-290, _PLOT_HEIGHT - 310)]
    strokes = [Stroke(" ".join(level), line="hairline", width=1.5)]
    strokes.append(Stroke("M " + " L ".join(f"{x} {y}" for x, y in places), line="accent", width=4))
    marked = [(place, point.label) for place, point in zip(places, chart.points, strict=True) if point.label]
    strokes += [_dot(*place) for place, _ in marked]
    every = ceil(len(places) / _AXIS_NAMES)
    names = [
        DrawnName(one_line(point.name, _AXIS_LENGTH), round((x + 300) / 6, 2), round(100 - 2000 / height, 2))
        for (x, _), point in list(zip(places, chart.points, strict=True))[::every]
    ]
    told = "; ".join(f"{point.name}: {point.value:g}" for point in chart.points)
    labels = [Label(one_line(label, _LABEL_LENGTH), is_point=True) for _, label in marked]
    return DrawnChart("line", one_line(f"{chart.title}: {told}", _ALL_LENGTH), height, strokes, names, labels)


def _line_places(values: Sequence[float]) -> list[tuple[float, float]]:
    low, high = min(values), max(values)
    step, unit = _PLOT_WIDTH / max(1, len(values) - 1), (_PLOT_HEIGHT - 20) / ((high - low) or 1.0)
    left = -_PLOT_WIDTH / 2
    return [(round(left + at * step, 2), round((high - value) * unit - 290, 2)) for at, value in enumerate(values)]


def _place(length: float) -> float:
    return round(length - 300, 2)


def _draw_wheel(wheel: Wheel) -> DrawnChart:
    count = len(wheel.parts)
    scale = (_division(at / count / _TICKS, at % _TICKS == 0) for at in range(count * _TICKS))
    ring = Stroke(" ".join([_circle(0, 0, _RIM), _circle(0, 0, _INNER), *scale]), line="accent")
    return DrawnChart(
        shape="wheel",
        title=one_line(wheel.title, _LABEL_LENGTH),
        height=_SIDE,
        strokes=[ring, *(stroke for mark in wheel.marks for stroke in _mark(mark, count))],
        names=[_name(text, (at + 0.5) / count) for at, text in enumerate(wheel.parts)],
        labels=[Label(one_line(mark.label, _LABEL_LENGTH), mark.until is None) for mark in wheel.marks],
    )


def _name(text: str, share: float) -> DrawnName:
    """Place a name in the middle of its part, its feet towards the centre above it, and away from it below."""
    angle = _angle(share)
    x, y = _point(share, (_RIM + _INNER) / 2)
    turn = 90 - degrees(angle) + (0 if sin(angle) >= 0 else 180)
    return DrawnName(one_line(text, _NAME_LENGTH), round(50 + x / 6, 2), round(50 + y / 6, 2), round(turn, 2))


def _mark(mark: Mark, count: int) -> list[Stroke]:
    """Draw an arc along the track, or a point on it and a line from the centre."""
    x, y = _point(mark.at / count, _TRACK)
    if mark.until is None:
        return [Stroke(f"M 0 0 L {x} {y}", line="deep", width=1.2), _dot(x, y)]
    end_x, end_y = _point(mark.until / count, _TRACK)
    is_long = int((mark.until - mark.at) % count > count / 2)
    path = f"M {x} {y} A {_TRACK} {_TRACK} 0 {is_long} 0 {end_x} {end_y}"
    return [Stroke(path, line="accent", width=17)]


def _dot(x: float, y: float) -> Stroke:
    return Stroke(_circle(x, y, 9), line="deep", width=3, fill="tint")


def _circle(x: float, y: float, radius: int) -> str:
    half = f"A {radius} {radius} 0 0 0"
    return f"M {x + radius} {y} {half} {x - radius} {y} {half} {x + radius} {y}"


def _division(share: float, is_border: bool) -> str:
    """Draw a border between two parts, across the ring, or a stroke of the fine scale inside it."""
    (x, y), (to_x, to_y) = _point(share, _INNER), _point(share, _RIM if is_border else _INNER - 6)
    return f"M {x} {y} L {to_x} {to_y}"


def _point(share: float, radius: float) -> tuple[float, float]:
    """Return the place at a share of the circle (0 to 1), y downwards."""
    angle = _angle(share)
    return round(radius * cos(angle), 2), round(-radius * sin(angle), 2)


def _angle(share: float) -> float:
    """Return radians counter-clockwise from three o'clock, of a share that is counted from nine."""
    return pi * (1 + 2 * share)
