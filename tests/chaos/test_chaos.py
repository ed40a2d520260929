"""A short chaos, every order of which is judged; `make chaos` runs the long one."""

import pytest

from infra.local.stack import Stack
from tests.chaos.scene import deployed, staged
from tests.chaos.storm import Plan, Storm
from tests.infra.deploy.starts import files_with_settings
from tests.pressroom import PATIENCE_S

PLAN = Plan({"life_clarity": 12}, kills=6, outages=[(1.0, 1)] * 4, seconds=8.0, seed=1)

#: The file of infra/deploy with which `make test` is content.
SHORT = "kubernetes"


@pytest.mark.parametrize(
    "file", [pytest.param(one, marks=pytest.mark.short if one == SHORT else ()) for one in files_with_settings()]
)
def test_every_order_keeps_its_promise_through_chaos(stack: Stack, file: str) -> None:
    """Processes are killed and servers fail while orders come in: none is lost, doubled, silent or made twice.

    Commands and settings are those of a deploy, but for addresses.
    """
    with staged(stack, deployed(file, stack, ("life_clarity", "bundle"))) as scene:
        outcome = Storm(scene, PLAN, print).run(PATIENCE_S)
    assert (outcome.violations, scene.unorderly) == ([], 0)
