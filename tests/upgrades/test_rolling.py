"""A version and the next ones, back and forth while orders flow; `make upgrade` is the long form."""

from pathlib import Path

from actors.products.catalogue import MAIL_QUEUE
from actors.products.plans import FORMATS
from infra.local.stack import Stack
from tests.chaos.scene import BRISK, Numbers, several, staged
from tests.dist import ROOT
from tests.pressroom import PATIENCE_S
from tests.upgrades.rolling import Roll, way_to_come

FAST = "life_clarity"
#: An order sees several processes go over.
CALL_S = 4.0


def test_orders_flow_while_versions_go_back_and_forth(stack: Stack, tmp_path: Path) -> None:
    """Processes go over one by one, back, over again and on, some are killed: orders keep promises.

    Plans of both forms are finished, a key is renamed in two releases, no process refuses to start, and no
    index is built twice.
    """
    starts = several(stack, (FAST, MAIL_QUEUE), Numbers(webs=1, workers=2, sweeps=1), **BRISK)
    with staged(stack, starts[:-1], can_fail=False) as scene:  # one that sends mail is enough
        stack.llm.set_latency(CALL_S)
        way = way_to_come(tmp_path)
        rolled = Roll(scene, ROOT, way[0], print).deploy(way[:4], [FAST], PATIENCE_S)
        stack.llm.set_latency(0.05)
    assert (rolled.violations, rolled.dead_letters, rolled.indexes_changed) == ([], 0, [])
    assert rolled.reports.keys() == {FORMATS[-1], FORMATS[-1] + 1}
    assert (scene.unorderly, scene.kills.total() > 0) == (0, True)
