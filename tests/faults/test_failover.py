"""Redis fails over: its name leads elsewhere, and the former primary keeps its connections, as a replica."""

from pathlib import Path

from infra.local.stack import Stack
from tests.faults.redises import Switch, two_redises
from tests.pressroom import Pressroom


def test_an_order_is_delivered_after_redis_has_failed_over(stack: Stack, tmp_path: Path) -> None:
    """No process has to be started again: what is refused by a replica is sent where the name leads by now."""
    with (
        two_redises(tmp_path) as (old, new),
        Switch(old.get_connection_kwargs()["port"]) as switch,
        Pressroom(stack, REDIS_URL=switch.url) as pressroom,
    ):
        pressroom.start_missing()
        pressroom.until_delivered(pressroom.buy())
        port: int = new.get_connection_kwargs()["port"]
        switch.to = port
        old.replicaof("127.0.0.1", str(port))
        order = pressroom.until_delivered(pressroom.buy(), 60)
        assert order["llm"]["possibly_paid"] == 0
        assert new.dbsize() > 0
