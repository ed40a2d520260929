"""Two doors, three workers a queue, two sweeps; `make bench-sharing` has them make all products, and measures."""

from actors.products.catalogue import MAIL_QUEUE
from infra.local.stack import Stack
from tests.audit.till import Till
from tests.chaos.scene import Numbers, several, staged
from tests.chaos.sharing import lose_one_of_each, shares
from tests.pressroom import PATIENCE_S

#: The most orders that it may take until each process has done something.
_MOST = 60


def test_processes_share_the_work_and_one_of_each_may_be_lost(stack: Stack) -> None:
    """Each process of a kind does some of the work; after one of each was killed, the others do all of it.

    No order is lost, doubled or left, and no section is bought again but for calls in the air at the kills.
    """
    starts = several(stack, ("life_clarity", MAIL_QUEUE), Numbers(webs=2, workers=3, sweeps=2))
    with staged(stack, starts, can_fail=False) as scene:
        till = Till(stack)

        def buy() -> None:
            scene.orders.append(till.buy(f"{len(scene.orders)}.{scene.pressroom.email}"))

        while not all(all(done) for done in shares(scene).values()):
            assert len(scene.orders) < _MOST, shares(scene)
            buy()
        stack.llm.set_latency(1.0)
        for _ in range(4):
            buy()

        def in_the_air() -> bool:
            mine = (one for one in stack.llm.requests() if one.order in scene.orders)
            return any(one.finished_at is None for one in mine)

        scene.pressroom.until("a call in the air", in_the_air)
        assert lose_one_of_each(scene) == len({*shares(scene), "sweep"})
        stack.llm.set_latency(0.05)
        for _ in range(4):
            buy()
        scene.until_quiet(PATIENCE_S)
        assert scene.auditor.audit() == []
        assert {kind: len(done) for kind, done in shares(scene).items()} == {
            "web": 1,
            "worker life_clarity": 2,
            "worker bundle": 2,
        }
