"""A book's look of its own: an ornament for each title, and shades of the product's two colours."""

from hashlib import sha256
from math import cos, pi, sin

from infra.book.sources import Style

_WHITE, _INK = "#ffffff", "#16181d"

Circle = tuple[float, float, float]


def rosette(seed: str) -> list[Circle]:
    """Return circles as x, y and radius, within 270 of the middle, 0.

    The seed decides their number around it, and their distance.
    """
    digest = sha256(seed.encode("utf-8", "replace")).digest()
    petals = 16 + digest[0] % 9
    reach = 88 + digest[1] % 40
    turns = (2 * pi * at / petals for at in range(petals))
    turning = [(round(reach * cos(turn), 2), round(reach * sin(turn), 2), 250.0 - reach) for turn in turns]
    return turning + [(0.0, 0.0, radius) for radius in (reach - 60.0, 262.0, 270.0)]


def palette(style: Style) -> dict[str, str]:
    """Return colours by name, each as `#rrggbb`, for the stylesheet and the ornament."""
    return {
        "accent": style.accent,
        "tint": style.tint,
        "deep": _mix(style.accent, _INK, 0.45),
        "pale": _mix(style.tint, _WHITE, 0.55),
        "quiet": _mix(style.accent, style.tint, 0.55),
        "hairline": _mix(style.accent, _WHITE, 0.72),
    }


def night(style: Style) -> dict[str, str]:
    """Return the colours of text and lines on a dark page, by name, each as `#rrggbb`."""
    return {
        "accent": _mix(style.accent, _WHITE, 0.6),
        "deep": _mix(style.accent, _WHITE, 0.75),
        "pale": _mix(style.accent, _INK, 0.8),
        "hairline": _mix(style.accent, _INK, 0.55),
    }


def _mix(one: str, other: str, share: float) -> str:
    """Return `one` with `share` (0 to 1) of `other` in it."""
    pairs = zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
