"""MongoDB's roles and Redis's users in infra/deploy: all that processes need is allowed, and nothing else."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from infra.local.stack import Stack
from tests.infra.deploy.guarded import DATABASE, guarded_mongod, guarded_redis, make_users, redis_url_of
from tests.infra.deploy.keda import triggers_of
from tests.infra.mail.authority import make_authority
from tests.pressroom import Pressroom
from tests.rights import ROLES, written
from tests.serverless import Container, delivery, function_settings, sign

Client = MongoClient[dict[str, Any]]

#: MongoDB's Unauthorized and AuthenticationFailed.
_UNAUTHORIZED, _UNKNOWN = 13, 18
#: What no process does.
_FORBIDDEN: tuple[Callable[[Client], object], ...] = (
    lambda client: client[DATABASE].orders.delete_one({"_id": "none"}),
    lambda client: client[DATABASE].audit.update_one({"_id": "none"}, {"$set": {"who": "nobody"}}),
    lambda client: client[DATABASE].audit.delete_one({"_id": "none"}),
    lambda client: client[DATABASE].events.drop(),
    lambda client: client["other"].orders.find_one(),
)


class Guarded(Pressroom):
    """Processes that each sign in as the user of their kind."""

    def __init__(self, stack: Stack, admin: str, redis_url: str) -> None:
        """Make the users."""
        super().__init__(stack)
        self.admin, self.redis_url = admin, redis_url
        self.let_in(make_users(admin, "one"), redis_url_of(redis_url, "pressroom"))
        self._looking: Client = MongoClient(admin, tz_aware=True)
        self.db = self._looking[DATABASE]

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._looking.close()

    def let_in(self, users: dict[str, str], redis_url: str) -> None:
        """Sign in as these from now on."""
        self.users = users
        self.env |= {"MONGODB_URL": users["operator"], "REDIS_URL": redis_url}

    def start_all(self) -> None:
        """Start what delivers a short report."""
        commands = (("web",), ("sweep",), ("worker", "life_clarity"), ("worker", "bundle"))
        started = [self.start(*one, wait=False, MONGODB_URL=self.users[one[0]]) for one in commands]
        for part in started:
            part.wait_ready()


@pytest.fixture(scope="module")
def guarded(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Pressroom on servers that let nobody in without a password."""
    folder = tmp_path_factory.mktemp("guarded")
    authority, certificate = make_authority(folder)
    with (
        guarded_mongod(folder, authority, certificate) as admin,
        guarded_redis(folder, authority, certificate) as redis_url,
        Guarded(stack, admin, redis_url) as running,
    ):
        running.start_all()
        yield running


def test_the_roles_are_what_the_source_can_reach() -> None:
    """The file in the repository is the one that `make rights` would write now."""
    assert ROLES.read_text(encoding="utf-8") == written()


@pytest.mark.long
def test_orders_are_delivered_by_processes_with_the_least_rights(guarded: Guarded, tmp_path: Path) -> None:
    """One comes through `web`, one through the function; an operator sends a letter again; no right is missed."""
    orders = [guarded.buy()]
    settings = {**function_settings(guarded), "MONGODB_URL": guarded.users["webhook"]}
    event = guarded.event()
    body = json.dumps(event).encode()
    with Container(settings, tmp_path / "function.log") as function:
        assert function.status(delivery("function_url", body, sign(guarded, body))) == 200
    orders.append(event["data"]["object"]["id"])
    for order in orders:
        assert guarded.until_delivered(order)["state"] == "delivered"
        assert guarded.book(order).startswith(b"%PDF")
    guarded.cli("indexes", "--drop")
    guarded.cli("orders", "resend", orders[0], "--reason", "lost")
    guarded.until("a second letter", lambda: len(guarded.letters(orders[0])) == 2)
    said = "".join(part.output() for part in guarded.parts)
    assert [line for line in said.splitlines() if "[13]" in line or "permission" in line] == []


@pytest.mark.long
def test_no_process_may_alter_the_audit_trail_or_remove_an_order(guarded: Guarded) -> None:
    """Each user is refused what no process does, in other databases as well."""
    for url in guarded.users.values():
        with Client(url) as client:
            for forbidden in _FORBIDDEN:
                with pytest.raises(OperationFailure) as refused:
                    forbidden(client)
                assert refused.value.code == _UNAUTHORIZED


def test_redis_takes_only_our_commands_on_our_keys(guarded: Guarded) -> None:
    """Whoever has our password can neither empty Redis nor look around in it; nobody comes in without one."""
    with redis.Redis.from_url(guarded.env["REDIS_URL"]) as ours:
        for command in (("flushdb",), ("keys", "*"), ("config", "get", "*"), ("hget", "others", "key")):
            with pytest.raises(redis.exceptions.NoPermissionError):
                ours.execute_command(*command)
    with redis.Redis.from_url(guarded.redis_url) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_keda_counts_messages_and_does_nothing_else(guarded: Guarded) -> None:
    """Its user asks as the manifests have it; what a message says, a message's end and other keys are denied."""
    with redis.Redis.from_url(redis_url_of(guarded.redis_url, "keda")) as keda:
        for trigger in triggers_of("life_clarity"):
            assert trigger.asks(keda) >= 0
            for command in (("hgetall", trigger.key), ("del", trigger.key), ("hlen", "pressroom:llm:any")):
                with pytest.raises(redis.exceptions.NoPermissionError):
                    keda.execute_command(*command)
            with pytest.raises(redis.exceptions.ResponseError):
                keda.eval("return redis.call('hgetall', KEYS[1])", 1, trigger.key)


@pytest.mark.long
def test_new_passwords_of_the_databases_lose_no_order(guarded: Guarded) -> None:
    """An order that was begun under the old users is finished under new ones; the old are let in no more."""
    former, order = guarded.users, guarded.buy()
    with redis.Redis.from_url(redis_url_of(guarded.redis_url, "admin")) as admin:
        admin.execute_command("ACL", "SETUSER", "pressroom", ">another-password")
        guarded.let_in(
            make_users(guarded.admin, "two"), redis_url_of(guarded.redis_url, "pressroom", "another-password")
        )
        for part in guarded.parts:
            part.terminate()
        guarded.start_all()
        admin.execute_command("ACL", "SETUSER", "pressroom", "<replace-with-a-password-of-its-own")
    make_users(guarded.admin, "one", "--drop")
    assert guarded.until_delivered(order)["state"] == "delivered"
    with Client(former["web"]) as client, pytest.raises(OperationFailure) as refused:
        client[DATABASE].orders.find_one()
    assert refused.value.code == _UNKNOWN
