"""Single ports on the loopback address, for a test's own servers."""

import random
from itertools import islice

from infra.local.ports import is_free

#: Below the ports that stacks are given.
_SINGLE = range(18_000, 20_000)


def free_ports(count: int) -> list[int]:
    """Return so many different ports on which nothing listens now."""
    return list(islice(filter(is_free, random.sample(_SINGLE, len(_SINGLE))), count))
