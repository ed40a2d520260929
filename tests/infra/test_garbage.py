"""Collection of garbage in our processes."""

import gc

from infra.garbage import spare_imports


def test_what_was_imported_is_left_out_of_collections() -> None:
    """A full collection would look through all of it, and nothing be answered for that long, /livez neither."""
    thresholds = gc.get_threshold()
    spare_imports()
    left_out, looked_through = gc.get_freeze_count(), len(gc.get_objects())
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    assert left_out > 10 * looked_through
