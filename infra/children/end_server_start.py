"""End of the start of the server process that children are forked from: it is preloaded last.

From here on the server sees by itself that its owner has ended, and removes its folder. It lowers its priority,
which children inherit: they yield to their owner. Their work can wait a moment; the loops of workers, and a
database on this machine, should not. Children of a worker that yields itself can wait while other work is promised
sooner.
"""

import os

from infra.children.begin_server import end_watch
from infra.priority import lead_session, yield_by

#: Four fifths of the weight of their owner, and a sixth.
_NICE, _NICER = 1, 8

end_watch()
lead_session()
yield_by(_NICER if os.nice(0) > 0 else _NICE)
