"""The cover's ornament: one quiet figure of circles for each title."""

from hashlib import sha256
from math import cos, pi, sin


def ornament(seed: str, colour: str) -> str:
    """An SVG rosette in one colour; the seed decides how many circles turn around its centre, and how far."""
    digest = sha256(seed.encode("utf-8", "replace")).digest()
    petals = 16 + digest[0] % 9
    reach = 88 + digest[1] % 40
    radius = 250 - reach
    circles = "".join(_circle(reach, radius, 2 * pi * at / petals) for at in range(petals))
    rings = "".join(f'<circle cx="300" cy="300" r="{r}"/>' for r in (reach - 60, 262, 270))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 600" aria-hidden="true">'
        f'<g fill="none" stroke="{colour}" stroke-width="0.8">{circles}{rings}</g></svg>'
    )


def _circle(reach: float, radius: float, turn: float) -> str:
    """One circle whose centre is `reach` from the middle of the figure, in direction `turn` (radians)."""
    return f'<circle cx="{300 + reach * cos(turn):.2f}" cy="{300 + reach * sin(turn):.2f}" r="{radius}"/>'
