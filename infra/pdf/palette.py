"""The shades that a product's two colours give."""

from infra.pdf.book import Style

_WHITE, _INK = "#ffffff", "#16181d"


def palette(style: Style) -> dict[str, str]:
    """Colours by name, each as `#rrggbb`: what the stylesheet and the ornament are written in."""
    return {
        "accent": style.accent,
        "tint": style.tint,
        "deep": _mix(style.accent, _INK, 0.45),
        "pale": _mix(style.tint, _WHITE, 0.55),
        "quiet": _mix(style.accent, style.tint, 0.55),
        "hairline": _mix(style.accent, _WHITE, 0.72),
    }


def _mix(one: str, other: str, share: float) -> str:
    """`one` with `share` (0 to 1) of `other` in it."""
    pairs = zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
