"""The cover's ornament: one quiet figure of circles for each title."""

from hashlib import sha256
from math import cos, pi, sin

Circle = tuple[float, float, float]


def rosette(seed: str) -> list[Circle]:
    """Circles as x, y and radius, within 270 of the middle, 0.

    The seed decides how many turn around it, and how far out.
    """
    digest = sha256(seed.encode("utf-8", "replace")).digest()
    petals = 16 + digest[0] % 9
    reach = 88 + digest[1] % 40
    turns = (2 * pi * at / petals for at in range(petals))
    turning = [(round(reach * cos(turn), 2), round(reach * sin(turn), 2), 250.0 - reach) for turn in turns]
    return turning + [(0.0, 0.0, radius) for radius in (reach - 60.0, 262.0, 270.0)]
