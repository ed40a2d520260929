"""Loaded last by the server process that children are forked from: it and they yield to their owner.

Work for children can wait a moment; the loops of workers, and a database on this machine, should not. Work for
children of a worker that yields itself can wait for as long as others have some that is promised sooner.
"""

import os

from infra.priority import lead_session, yield_by

#: Four fifths of the owner's weight, and a quarter.
_NICE, _NICER = 1, 6

lead_session()
yield_by(_NICER if os.nice(0) > 0 else _NICE)
