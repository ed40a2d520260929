"""Strokes of a wheel: the template draws them around 0, in a square of 600 units."""

from dataclasses import dataclass
from math import cos, degrees, pi, sin

from infra.charts import Mark, Wheel
from infra.pdf.untrusted import one_line

_RIM, _INNER, _TRACK = 292, 246, 218  # radii: of the whole, of the ring of names within it, of the marks
_TICKS = 6  # to a part
_NAME_LENGTH, _LABEL_LENGTH = 24, 160


@dataclass(frozen=True)
class DrawnName:
    """A part's name, centred on a point (in hundredths of the square's side), and turned clockwise by degrees."""

    text: str
    x: float
    y: float
    turn: float


@dataclass(frozen=True)
class DrawnMark:
    """A mark that begins at a point of the track: an arc along it, or that point and a line from the centre."""

    label: str
    x: float
    y: float
    path: str
    is_point: bool


@dataclass(frozen=True)
class DrawnWheel:
    """A wheel as its template takes it; `lines` is one path for the ring and all that divides it."""

    title: str
    names: list[DrawnName]
    marks: list[DrawnMark]
    lines: str


def draw_wheel(wheel: Wheel) -> DrawnWheel:
    """Compute the strokes. All texts become short single lines."""
    count = len(wheel.parts)
    scale = (_line(at / count / _TICKS, at % _TICKS == 0) for at in range(count * _TICKS))
    return DrawnWheel(
        title=one_line(wheel.title, _LABEL_LENGTH),
        names=[_name(text, (at + 0.5) / count) for at, text in enumerate(wheel.parts)],
        marks=[_mark(mark, count) for mark in wheel.marks],
        lines=" ".join([_circle(_RIM), _circle(_INNER), *scale]),
    )


def _name(text: str, share: float) -> DrawnName:
    """Place a name in the middle of its part, its feet towards the centre above it, and away from it below."""
    angle = _angle(share)
    x, y = _point(share, (_RIM + _INNER) / 2)
    turn = 90 - degrees(angle) + (0 if sin(angle) >= 0 else 180)
    return DrawnName(one_line(text, _NAME_LENGTH), round(50 + x / 6, 2), round(50 + y / 6, 2), round(turn, 2))


def _mark(mark: Mark, count: int) -> DrawnMark:
    x, y = _point(mark.at / count, _TRACK)
    label, is_point = one_line(mark.label, _LABEL_LENGTH), mark.until is None
    path = f"M 0 0 L {x} {y}"
    if mark.until is not None:
        end_x, end_y = _point(mark.until / count, _TRACK)
        is_long = int((mark.until - mark.at) % count > count / 2)
        path = f"M {x} {y} A {_TRACK} {_TRACK} 0 {is_long} 0 {end_x} {end_y}"
    return DrawnMark(label, x, y, path, is_point)


def _circle(radius: int) -> str:
    half = f"A {radius} {radius} 0 0 0"
    return f"M {radius} 0 {half} {-radius} 0 {half} {radius} 0"


def _line(share: float, is_border: bool) -> str:
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
