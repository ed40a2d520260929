"""What monitoring and operators see of an installation after an order went through it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from actors.products.catalogue import OFFERS, PRODUCTS, queues, queues_of
from infra.local.ports import is_free
from infra.local.stack import Stack
from tests import plain_http
from tests.handlers.ops.browser import Browser
from tests.ports import free_ports
from tests.pressroom import Pressroom

TOKEN = "scrape-me-0123456789abcdef"
KNOWN_LABELS = {*OFFERS, *PRODUCTS, *queues(), *(part for queue in queues() for part in queues_of(queue))}


class Sample(NamedTuple):
    """One number of a scrape."""

    labels: dict[str, str]
    value: float


class Scrape(dict[str, list[Sample]]):
    """Samples by their names."""

    def __init__(self, *texts: str) -> None:
        """Read what one process or several have shown."""
        self.families = set[str]()
        for text in texts:
            for family in text_string_to_metric_families(text):
                self.families.add(family.name)
                for one in family.samples:
                    self.setdefault(one.name, []).append(Sample(one.labels, one.value))

    def value(self, name: str, **labels: str) -> float:
        """Return the sum of a name's samples that have those labels."""
        return sum(one.value for one in self.get(name, ()) if labels.items() <= one.labels.items())


class House(NamedTuple):
    """Processes of which each has a port of its own for metrics, and a delivered order."""

    pressroom: Pressroom
    first_port: int
    order: str

    def scrape(self) -> Scrape:
        """Return what /metrics shows."""
        answer = self.ask(TOKEN)
        assert answer.status_code == 200
        return Scrape(answer.text)

    def ask(self, token: str) -> httpx2.Response:
        """Ask for /metrics with a token."""
        headers = {b"Authorization": f"Bearer {token}".encode("latin-1")}
        return plain_http.get(f"{self.pressroom.stack.urls.web}/metrics", headers=headers, timeout=30)

    def once(self, holds: Callable[[Scrape], bool]) -> Scrape:
        """Return the first scrape of which that holds: looks are shared for some seconds."""
        seen = [self.scrape()]

        def look() -> bool:
            seen.append(self.scrape())
            return holds(seen[-1])

        self.pressroom.until("another look", look)
        return seen[-1]

    def scrape_processes(self) -> Scrape:
        """Return what the ports of the processes show, one after another."""
        ports = range(self.first_port, self.first_port + 4)
        return Scrape(*(plain_http.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text for port in ports))


@pytest.fixture(scope="module")
def busy(stack: Stack, hashed: str) -> Iterator[House]:
    """All processes, after one order whose provider said once that its limits are reached."""
    port = next(port for port in free_ports(100) if all(map(is_free, range(port, port + 4))))
    facts = {"METRICS_TOKEN": f"{TOKEN},older-0123456789abcdef", "METRICS_PORT": str(port)}
    with Pressroom(stack, OPS_USERS=f"vera viewer {hashed}", **facts) as running:
        running.start_missing()
        running.stack.llm.add_fault(kind="status", status=429, code="rate_limit_exceeded", times=1)
        order = running.buy()
        running.until_delivered(order)
        yield House(running, port, order)


def test_a_scrape_tells_the_state_of_the_whole(busy: House) -> None:
    """Open work, queues, workers, events and the cost of the last hour are there, and as the order left them."""
    busy.pressroom.buy(amount_subtotal=100)  # another price: it needs a person
    shown = busy.once(lambda shown: shown.value("pressroom_orders", state="needs_attention") == 1)
    known = {one.labels["part"]: one.value for one in shown["pressroom_part_known"]}
    assert set(known.values()) == {1.0}
    assert {one.labels["queue"] for one in shown["pressroom_queue_waiting"]} <= KNOWN_LABELS
    assert shown.value("pressroom_workers", queue="life_clarity") == 1
    assert shown.value("pressroom_workers", queue="personal_blueprint") == 0
    assert shown.value("pressroom_sweep_turns") == 1
    assert shown.value("pressroom_llm_hour_calls", outcome="written") == 4
    assert shown.value("pressroom_llm_hour_calls", outcome="limited") == 1
    assert shown.value("pressroom_llm_hour_cost_dollars") > 0
    assert shown.value("pressroom_llm_given_total", kind="requests") >= 4
    assert shown.value("pressroom_llm_price_known") == 1
    assert shown.value("pressroom_stripe_unapplied") == 0
    assert shown.value("pressroom_stripe_last_event_age_seconds") < 600


def test_each_process_tells_what_it_has_done(busy: House) -> None:
    """Web, workers and sweep show webhooks, calls, steps, chapters and mails, each on a port of its own."""
    shown = busy.scrape_processes()
    assert shown.value("pressroom_webhook_seconds_count", outcome="taken") >= 1
    calls = {one.labels["outcome"]: one.value for one in shown["pressroom_llm_calls_total"]}
    assert calls == {"written": 4, "limited": 1}
    assert shown.value("pressroom_llm_tokens_total", product="life_clarity", kind="output") > 0
    assert shown.value("pressroom_llm_cost_dollars_total") == pytest.approx(_cost(busy), abs=1e-6)
    assert shown.value("pressroom_step_events_total", kind="write", event="done") == 4
    assert shown.value("pressroom_render_seconds_count", kind="chapter") == 4
    assert shown.value("pressroom_render_seconds_count", kind="book") == 1
    assert shown.value("pressroom_mails_total", kind="completion", outcome="sent") == 1
    assert shown.value("pressroom_llm_room_seconds_count") >= 4
    assert shown.value("pressroom_children_memory_bytes") > 1e6


def _cost(busy: House) -> float:
    return float(busy.pressroom.order(busy.order)["llm"]["cost_usd"])


def test_no_metric_names_an_order_or_a_customer(busy: House) -> None:
    """Labels are few and known beforehand: nothing of an order, a customer or an address is among them."""
    shown = Scrape(busy.ask(TOKEN).text)
    labels = {value for samples in shown.values() for one in samples for value in one.labels.values()}
    assert not any(held in label for label in labels for held in ("cs_", "pi_", "evt_", "@", "Ada"))
    assert {one.labels.get("product", "bundle") for samples in shown.values() for one in samples} <= KNOWN_LABELS


@pytest.mark.parametrize("token", ["wrong", TOKEN[:-1], f"{TOKEN}x", "é"])
def test_who_has_no_token_sees_nothing(busy: House, token: str) -> None:
    """Another token than one of ours is refused, and nothing is told."""
    refused = busy.ask(token)
    assert (refused.status_code, "pressroom_" in refused.text) == (401, False)


def test_a_token_that_is_being_replaced_is_known(busy: House) -> None:
    """While it rotates, both are good."""
    assert busy.ask("older-0123456789abcdef").status_code == 200


def test_a_page_and_the_command_show_the_same(busy: House) -> None:
    """Queues, workers, the model and the number of forged requests are the same on both."""
    forged = plain_http.post(f"{busy.pressroom.stack.urls.web}/webhooks/stripe", content=b"{}", timeout=10)
    assert forged.status_code == 400
    view = busy.pressroom.until("the tally", lambda: _with_refused(busy.pressroom.json("status")))
    browser = Browser(busy.pressroom.stack.urls.web)
    browser.sign_in("vera")
    shown = browser.get("/ops/status").text
    assert view["unknown"] == []
    assert {worker["queue"] for worker in view["workers"]} == {"life_clarity", "bundle"}
    assert all(worker["id"] in shown for worker in view["workers"])
    assert all(line["queue"] in shown for line in view["queues"])
    assert (view["provider"]["model"], view["provider"]["limited"]) == ("gpt-5-mini", 1)
    assert 'Beyond its limits (429), in an hour</dt><dd><span class="bad">1<' in shown
    assert f"Refused requests, in a day</dt><dd><span>{view['door']['refused']}<" in shown
    assert view["provider"]["hour"]["cost_usd"] == pytest.approx(_cost(busy), abs=1e-6)
    assert "life_clarity.render" in busy.pressroom.cli("status")


def _with_refused(view: Any) -> Any:
    return view if view["door"]["refused"] else None


def test_events_of_another_mode_and_version_are_counted(busy: House) -> None:
    """What an endpoint that is set up wrongly sends is shown by its number, and by its version."""
    busy.pressroom.send(busy.pressroom.event() | {"livemode": True})
    order = busy.pressroom.db.orders.find_one({"_id": busy.order})
    assert order is not None
    won = {"id": "dp_1", "payment_intent": order["payment_intent"], "status": "won"}
    facts = {"type": "charge.dispute.closed", "api_version": "2024-06-20", "data": {"object": won}}
    busy.pressroom.send(busy.pressroom.event() | facts)
    door = busy.pressroom.json("status")["door"]
    assert (door["other_mode"], door["failed"], door["other_versions"]) == (1, 0, ["2024-06-20"])


def test_rules_and_the_dashboard_ask_for_what_there_is(busy: House) -> None:
    """Each metric that they name is one that a process shows, and each rule leads to a section of a runbook."""
    root = Path(__file__).parents[3]
    rules = (root / "infra/deploy/prometheus/rules.yml").read_text()
    asked = [re.sub("runbook_url: .*", "", rules), (root / "infra/deploy/grafana/pressroom.json").read_text()]
    families = Scrape(busy.ask(TOKEN).text).families | busy.scrape_processes().families
    for text in asked:
        named = re.findall(r"pressroom_\w+", text)
        assert len(named) > 25
        assert [one for one in named if re.sub("_(total|count|bucket)$", "", one) not in families] == []
    links = re.findall(r"runbook_url: ([\w./-]+)#(\w+)", rules)
    assert len(links) == len(re.findall("- alert:", rules)) > 20
    for file, anchor in links:
        assert re.search(rf"^### {anchor}$", (root / file).read_text(), re.MULTILINE | re.IGNORECASE), anchor


def test_a_server_that_is_away_leaves_its_part_unknown(busy: House) -> None:
    """Without Redis the scrape still succeeds: it says what is not known, and shows no old number of it."""
    redis = busy.pressroom.stack.part("redis")
    redis.kill()
    shown = busy.once(lambda shown: not shown.value("pressroom_part_known", part="queues"))
    view = busy.pressroom.json("status")
    redis.start()
    assert shown.value("pressroom_part_known", part="work") == 1
    assert "pressroom_queue_waiting" not in shown
    assert (view["unknown"], view["work"]["dead_letters"]) == (["limits", "queues"], 0)
