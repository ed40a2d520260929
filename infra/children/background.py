"""Loaded last by the server process that children are forked from: it and they yield to their owner.

Work for children can wait a moment; the loops of workers, and a database on this machine, should not.
"""

from infra.priority import lead_session, yield_by

#: Half of the weight.
_NICE = 3

lead_session()
yield_by(_NICE)
