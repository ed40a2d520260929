"""What a balancer hears while a server is away."""

import pytest

from infra.local.environment import outer_environment
from tests import commands, plain_http
from tests.ports import free_ports
from tests.pressroom import PRESSROOM, Pressroom


@pytest.mark.parametrize(
    ("name", "status"), [("mongodb", 503), ("redis", 200), ("s3", 200), ("mail", 200), ("llm", 200)]
)
def test_only_a_missing_database_turns_orders_away(front_door: Pressroom, name: str, status: int) -> None:
    """/readyz names what is away; it is 503 without MongoDB only, since all else delays orders and loses none."""
    part = front_door.stack.part(name)
    part.kill()
    ready = plain_http.get(f"{front_door.stack.urls.web}/readyz", timeout=10)
    part.start()
    assert (ready.status_code, ready.json()["degraded"]) == (status, [name])
    assert plain_http.get(f"{front_door.stack.urls.web}/livez").status_code == 200


def test_a_process_that_cannot_show_its_metrics_works_all_the_same(front_door: Pressroom) -> None:
    """An address that is not this machine's is no reason to take no orders."""
    elsewhere, port = (str(port) for port in free_ports(2))
    web = front_door.start("web", "--port", elsewhere, METRICS_PORT=port, METRICS_HOST="192.0.2.1")
    alive = plain_http.get(f"http://127.0.0.1:{elsewhere}/livez")
    web.terminate()
    assert alive.status_code == 200


def test_a_region_of_ses_is_looked_for_where_boto3_does(front_door: Pressroom) -> None:
    """Mail through SES is degraded when its endpoint does not answer, and not otherwise."""
    elsewhere, nowhere = (str(port) for port in free_ports(2))
    for endpoint, degraded in ((front_door.stack.urls.s3, []), (f"http://127.0.0.1:{nowhere}", ["mail"])):
        facts = {"MAIL_URL": "ses://eu-west-1", "AWS_ENDPOINT_URL_SESV2": endpoint}
        web = front_door.start("web", "--port", elsewhere, wait=True, **facts)
        ready = plain_http.get(f"http://127.0.0.1:{elsewhere}/readyz", timeout=10)
        web.terminate()
        assert (ready.status_code, ready.json()["degraded"]) == (200, degraded)


def test_the_doctor_examines_how_redis_keeps_what_waits(front_door: Pressroom) -> None:
    """A Redis that drops work under pressure is named, with the setting that does not."""
    kept = {"maxmemory-policy": "noeviction", "appendonly": "yes"}
    for name, value in (("maxmemory-policy", "allkeys-lru"), ("appendonly", "no")):
        front_door.redis.config_set(name, value)
        done = commands.run(
            {**outer_environment(), **front_door.stack.env, **front_door.env}, PRESSROOM, "doctor", "redis"
        )
        front_door.redis.config_set(name, kept[name])
        assert done.code == 1
        assert "REDIS_URL" in done.out
    assert {"clock", "redis"} < {
        finding["server"] for finding in front_door.json("doctor", "redis", "clock") if finding["well"]
    }
