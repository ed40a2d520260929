"""Collection of garbage in a process that has imported all that it needs."""

import gc


def spare_imports() -> None:
    """Leave all objects that are there by now out of later collections, and collect seldom.

    Nothing of an imported module ever goes, and a collection that looks through all of them stops the loop for
    80 ms. By default the young are collected after each 700, which takes a tenth of a worker's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)
