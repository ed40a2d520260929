"""Loaded last by the server process that children are forked from: it and they yield to their owner.

Work for children can wait a moment; the loops of workers, and a database on this machine, should not.
"""

import os

from infra.priority import lead_session, yield_by

#: Half of the weight, for the children of a process that yields to nobody itself.
_NICE = 3

lead_session()
# Twice as much as their owner yields to others: its loop must turn, theirs are only work.
yield_by(_NICE + os.nice(0))
