"""Niceness of workers, by what their products promise."""

import math

from actors.products.catalogue import PRODUCTS

#: The steps by which a worker yields whose product is promised for so many seconds after the payment.
_BY_PROMISE = ((15 * 60, 0), (60 * 60, 11), (math.inf, 12))


def niceness_of(queue: str) -> int:
    """Return the steps by which a worker of that queue yields. The one that sends mail yields to none."""
    promise_s = PRODUCTS[queue].promise_s if queue in PRODUCTS else 0
    return next(nice for within_s, nice in _BY_PROMISE if promise_s <= within_s)
