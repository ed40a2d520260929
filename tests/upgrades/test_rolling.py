"""A version and the next one, back and forth while orders flow; `make upgrade` is the long form."""

from pathlib import Path

from actors.products.catalogue import MAIL_QUEUE
from actors.products.plans import FORMATS
from infra.local.stack import Stack
from tests.chaos.scene import BRISK, Numbers, several, staged
from tests.dist import ROOT
from tests.pressroom import PATIENCE_S
from tests.upgrades.rolling import Roll
from tests.upgrades.versions import version_to_come

FAST = "life_clarity"
#: An order sees several processes go over.
CALL_S = 4.0


def test_orders_flow_while_versions_go_back_and_forth(stack: Stack, tmp_path: Path) -> None:
    """Processes go over one by one, back and over again, some killed meanwhile: every order keeps its promise.

    Plans of both forms are finished, no process refuses to start, and no index is built twice.
    """
    starts = several(stack, (FAST, MAIL_QUEUE), Numbers(webs=1, workers=2, sweeps=1), **BRISK)
    with staged(stack, starts[:-1], can_fail=False) as scene:  # one that sends mail is enough
        stack.llm.set_latency(CALL_S)
        rolled = Roll(scene, ROOT, version_to_come(tmp_path), print).deploy(3, [FAST], PATIENCE_S)
        stack.llm.set_latency(0.05)
    assert (rolled.violations, rolled.dead_letters, rolled.indexes_changed) == ([], 0, [])
    assert rolled.reports.keys() == {FORMATS[-1], FORMATS[-1] + 1}
    assert (scene.unorderly, scene.kills.total() > 0) == (0, True)
