"""A short chaos, every order of which is judged; `make chaos` runs the long one."""

import pytest

from infra.local.stack import Stack
from tests.chaos.scene import deployed, staged
from tests.chaos.storm import Plan, Storm
from tests.pressroom import PATIENCE_S

PLAN = Plan({"life_clarity": 12}, kills=6, outages=[(1.0, 1)] * 4, seconds=8.0, seed=1)

#: Those of a file of infra/deploy; `make chaos-settings` takes each of them.
SETTINGS = "kubernetes"


@pytest.mark.short
def test_every_order_keeps_its_promise_through_chaos(stack: Stack) -> None:
    """Processes are killed and servers fail while orders come in: none is lost, doubled, silent or made twice.

    Commands and settings are those of a deploy, but for addresses.
    """
    with staged(stack, deployed(SETTINGS, stack, ("life_clarity", "bundle"))) as scene:
        outcome = Storm(scene, PLAN, print).run(PATIENCE_S)
    assert (outcome.violations, scene.unorderly) == ([], 0)
