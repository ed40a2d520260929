"""The command line: what it says when something is wrong, and with which exit code."""

import socket
import subprocess

import pytest

from actors.products.catalogue import PRODUCTS
from handlers.web.server import url_of
from infra.local.environment import outer_environment
from infra.local.part import Part
from tests.commands import run, run_cold
from tests.pressroom import PRESSROOM, Pressroom


@pytest.fixture(scope="module")
def worker(front_door: Pressroom) -> Part:
    """A worker of the queue `bundle`."""
    return front_door.start("worker", "bundle")


@pytest.mark.parametrize("name", ["MONGODB_URL", "STRIPE_WEBHOOK_SECRET", "MAIL_FROM", "LLM_TOKENS_PER_MINUTE"])
@pytest.mark.parametrize("command", [("web",), ("sweep",), ("worker", "bundle")], ids=" ".join)
def test_a_missing_setting_stops_the_start(front_door: Pressroom, name: str, command: tuple[str, ...]) -> None:
    """A process without a setting that it needs says in one line which, and ends with 2."""
    env = {**outer_environment(), **front_door.stack.env}
    del env[name]
    code, out, err = run(env, PRESSROOM, *command)
    assert (code, out) == (2, "")
    assert name in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRIPE_LIVEMODE", "perhaps"),
        ("GRACE_S", "soon"),
        ("REDIS_URL", "127.0.0.1"),
        ("MONGODB_URL", "mongodb://a:b:c@d/e"),
        ("MAIL_URL", "imap://mail.example"),
        ("MAIL_URL", "ses://eu west"),
        ("LOG_FORMAT", "xml"),
        ("TIMEZONE", "Europe/Atlantis"),
        ("TIMEZONE", "../../etc/passwd"),
        ("TIMEZONE", "America"),
        ("INSTALLATION", "nörth"),
        ("PUBLIC_URL", "shop.example"),
        ("AWS_ENDPOINT_URL_S3", "minio:9000"),
        ("AWS_DEFAULT_REGION", "eu west"),
        ("S3_PUBLIC_URL", "files.example"),
        ("MAIL_FROM", "nobody"),
    ],
)
def test_a_malformed_setting_stops_the_start(front_door: Pressroom, name: str, value: str) -> None:
    """A value that cannot work is named in one line, without being quoted, and ends with 2."""
    env = {**outer_environment(), **front_door.stack.env, name: value}
    code, out, err = run(env, PRESSROOM, "worker", "bundle")
    assert (code, out) == (2, "")
    assert name in err
    assert value not in err
    assert err.count("\n") == 1


def test_wrong_usage_ends_with_2(front_door: Pressroom) -> None:
    """A queue, product or option that does not exist is wrong usage."""
    env = {**outer_environment(), **front_door.stack.env}
    for args in (
        ("worker", "unheard_of"),
        ("demo", "unheard_of"),
        ("web", "--port", "no"),
        ("sweep", "--every", "nan"),
        ("dead", "replay"),
        ("dead", "replay", "--all", "--reason", " "),
    ):
        assert run(env, PRESSROOM, *args).code == 2, args


def test_a_port_that_is_taken_is_named(front_door: Pressroom) -> None:
    """A web process whose port is in use says so in one line and ends with 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        env = {**outer_environment(), **front_door.stack.env}
        code, out, err = run(env, PRESSROOM, "web", "--port", port)
    assert (code, out) == (1, "")
    assert port in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("host", ["ä" * 64, "nowhere.invalid"])
def test_a_host_that_is_none_is_named(front_door: Pressroom, host: str) -> None:
    """A web process that is to listen at the name of no host says so in one line and ends with 1."""
    env = {**outer_environment(), **front_door.stack.env}
    code, out, err = run(env, PRESSROOM, "web", "--port", "0", "--host", host)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert host in err


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("localhost", "http://localhost:80"), ("::1", "http://[::1]:80")],
)
def test_the_ready_line_has_a_url_that_can_be_asked(host: str, url: str) -> None:
    """An IPv6 address stands in brackets, as in any URL; names and others stand as they are."""
    assert url_of(host, 80) == url


def test_an_order_that_does_not_exist_ends_with_1(front_door: Pressroom) -> None:
    """Asking for an unknown order is one line and exit 1."""
    assert "cs_none" in front_door.cli("orders", "show", "cs_none", code=1)


@pytest.mark.parametrize("args", [("orders", "show"), ("orders", "find"), ("dead", "show")])
def test_an_argument_that_is_no_text_ends_with_1(front_door: Pressroom, args: tuple[str, ...]) -> None:
    """Bytes that are not UTF-8 are looked for in vain, in one line."""
    err = front_door.cli(*args, "\udcff", code=1)
    assert err.startswith("pressroom: ")
    assert err.count("\n") == 1


def test_products_are_listed_with_what_they_need(front_door: Pressroom) -> None:
    """The catalogue tells price, currency, needed answers and sections of each product."""
    product = front_door.json("products")[0]
    assert (product["product"], product["price"], product["currency"]) == ("life_clarity", 1900, "usd")
    assert product["needed"] == ["name", "question"]
    assert [sorted(section) for section in product["sections"]] == [["after", "id", "title"]] * 4


def test_listings_show_what_there_is(front_door: Pressroom, worker: Part) -> None:
    """Orders, queues and workers are listed, as JSON and as tables."""
    order = front_door.buy()
    assert front_door.json("orders", "list")[0]["order_id"] == order
    assert {queue["queue"] for queue in front_door.json("queues", "list")} == {*PRODUCTS, "bundle"}
    listed = front_door.until("a heartbeat", lambda: front_door.json("workers", "list"))
    assert (listed[0]["queue"], listed[0]["pid"]) == ("bundle", worker.pid)
    assert order[:12] in front_door.cli("orders", "list")
    assert "life_clarity" in front_door.cli("orders", "show", order)


@pytest.mark.long
def test_every_command_imports_what_it_needs(front_door: Pressroom) -> None:
    """What looks into the database ends with 0 on its own, whatever others have imported."""
    order = front_door.buy()
    env = {**outer_environment(), **front_door.stack.env, **front_door.env}
    for args in (
        ("orders", "show", order),
        ("orders", "cost"),
        ("dead", "list"),
        ("workers", "list"),
        ("reconcile", "--since", "1h", "--dry-run"),
        ("doctor",),
    ):
        assert run_cold(env, PRESSROOM, *args).code == 0, args


def test_the_start_line_of_a_worker_names_hosts_and_no_credentials(front_door: Pressroom, worker: Part) -> None:
    """A worker says on start which servers it talks to, and nothing that should stay secret."""
    output = worker.output()
    assert front_door.stack.env["MONGODB_URL"].split("/")[2] in output
    for name in ("OPENAI_API_KEY", "STRIPE_API_KEY", "SECRET_KEY", "AWS_SECRET_ACCESS_KEY"):
        assert front_door.stack.env[name] not in output


def test_the_doctor_examines_a_part_alone(front_door: Pressroom) -> None:
    """Who mends one thing need not wait for all others; a part that there is not is said in one line."""
    servers = [finding["server"] for finding in front_door.json("doctor", "redis", "clock")]
    assert servers == ["tenants", "budget", "end of workers", "time zones", "clock", "redis"]
    env = {**outer_environment(), **front_door.stack.env, **front_door.env}
    code, out, err = run(env, PRESSROOM, "doctor", "rabbit")
    assert (code, out) == (2, "")
    assert "There is no part 'rabbit'; there are model, mongodb," in err


def test_the_doctor_finds_what_does_not_answer(front_door: Pressroom) -> None:
    """With every server up the doctor is content; with one down it names it and ends with 1."""
    assert all(finding["well"] for finding in front_door.json("doctor"))
    front_door.stack.part("mail").terminate()
    try:
        env = {**outer_environment(), **front_door.stack.env, **front_door.env}
        code, out, _ = run(env, PRESSROOM, "doctor")
    finally:
        front_door.stack.part("mail").start()
    assert code == 1
    assert "MailServer" not in out
    assert "not reached" in out


def test_a_reason_is_kept_as_text_on_one_line(front_door: Pressroom) -> None:
    """Line ends become blanks, and bytes that are no text question marks, in place of a half-done act."""
    why = "the first\n and \udcff"
    for args in (("begin", "provider", "--for", "1h"), ("end", "provider")):
        front_door.cli("pauses", *args, "--reason", why)
    assert {entry["reason"] for entry in front_door.db.audit.find({"order": None})} == {"the first and ?"}


def test_streams_that_are_closed_are_missed_by_no_command(front_door: Pressroom) -> None:
    """With neither input nor output a command does what it is for, and no connection has its output."""
    env = {**outer_environment(), **front_door.stack.env, **front_door.env}
    for args in (("products",), ("queues", "list", "--json"), ("sweep", "--once")):
        closed = ["sh", "-c", 'exec "$@" <&- >&-', "sh", *PRESSROOM, *args]
        done = subprocess.run(closed, env=env, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


def test_one_round_of_the_sweep_ends_by_itself(front_door: Pressroom) -> None:
    """`sweep --once` says ready, does every duty once, and ends with 0."""
    assert front_door.cli("sweep", "--once") == "ready sweep\n"
