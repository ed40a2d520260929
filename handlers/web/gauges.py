"""Gauges of the installation as a whole, made of its status."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from actors.products.catalogue import queues
from handlers.views.door import DoorView
from handlers.views.machines import QueueView, WorkerView
from handlers.views.provider import LimitsView, ProviderView
from handlers.views.status import StatusView, TroubleView
from handlers.views.work import WorkView


class Gauges(Collector):
    """Collector of one look. A part that is unknown has no gauge: its last value would be a lie."""

    def __init__(self, view: StatusView) -> None:
        """Show that look."""
        self._view = view

    def collect(self) -> Iterator[Metric]:
        """Yield every gauge."""
        view = self._view
        parts = {name: float(name not in view["unknown"]) for name in view if name not in {"at", "unknown"}}
        yield _by("part", "pressroom_part_known", "1 if the servers of that part of the status answer.", parts)
        if view["door"] is not None:
            yield from _door(view["door"])
        if view["provider"] is not None:
            yield from _provider(view["provider"])
        if view["limits"] is not None:
            yield from _limits(view["limits"])
        if view["queues"] is not None:
            yield from _queues(view["queues"])
        if view["workers"] is not None:
            yield from _workers(view["workers"])
        if view["sweeps"] is not None:
            yield _one("pressroom_sweep_turns", "1 if a sweep has turned of late.", view["sweeps"])
        if view["work"] is not None:
            yield from _work(view["work"])
        if view["troubles"] is not None:
            yield _troubles(view["troubles"])


def _one(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def _by(label: str, name: str, text: str, values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], float(value))
    return family


def _door(door: DoorView) -> Iterator[Metric]:
    if door["last_event_s"] is not None:
        yield _one("pressroom_stripe_last_event_age_seconds", "Since the last signed event.", door["last_event_s"])
    yield _one("pressroom_stripe_refused", "Refused requests to the webhook, in a day.", door["refused"])
    yield _one("pressroom_stripe_other_mode", "Events of the other mode, in a day.", door["other_mode"])
    yield _one("pressroom_stripe_unapplied", "Events that should have been applied.", door["unapplied"])
    yield _one("pressroom_stripe_unapplied_age_seconds", "Age of the oldest of them.", door["unapplied_s"])
    yield _one("pressroom_stripe_failed", "Events that could not be applied.", door["failed"])
    others = len(door["other_versions"])
    yield _one("pressroom_stripe_other_versions", "Other API versions, in the newest events.", others)


def _provider(provider: ProviderView) -> Iterator[Metric]:
    hour, last = provider["hour"], "in the last hour"
    yield _one("pressroom_llm_price_known", "1 if the model's price is known.", provider["price_known"])
    yield _one("pressroom_llm_model_ends", "1 if its provider ends the model.", provider["ends"] is not None)
    yield _by("outcome", "pressroom_llm_hour_calls", f"Calls {last}.", provider["outcomes"])
    yield _one("pressroom_llm_hour_cost_dollars", f"Known cost of the calls {last}.", hour["known_usd"])
    tokens = {
        "input": hour["input_tokens"],
        "cached": hour["cached_tokens"],
        "cache_write": hour["cache_write_tokens"],
        "output": hour["output_tokens"],
    }
    yield _by("kind", "pressroom_llm_hour_tokens", f"Tokens {last}; cached ones are input, too.", tokens)


def _limits(limits: LimitsView) -> Iterator[Metric]:
    most = {"requests": limits["requests"], "tokens": limits["tokens"]}
    yield _by("kind", "pressroom_llm_limit", "Most that may be asked for in a minute.", most)
    given = CounterMetricFamily("pressroom_llm_given", "Room that was ever given.", labels=["kind"])
    given.add_metric(["requests"], limits["given_requests"])
    given.add_metric(["tokens"], limits["given_tokens"])
    yield given
    yield _one("pressroom_llm_in_the_air", "Calls in the air.", limits["in_the_air"])
    yield _one("pressroom_llm_most_in_the_air", "Most calls that may be in the air.", limits["most_in_the_air"])
    yield _one("pressroom_llm_workers_in_line", "Workers that wait for room.", limits["workers_in_line"])
    yield _one("pressroom_llm_pause_seconds", "Rest of a pause that the provider asked for.", limits["pause_s"])
    yield _one("pressroom_llm_account_refused", "1 while the account is refused.", limits["account_refused"])


def _queues(lines: list[QueueView]) -> Iterator[Metric]:
    waiting = {one["queue"]: one["waiting"] for one in lines}
    yield _by("queue", "pressroom_queue_waiting", "Messages that no worker has taken.", waiting)
    in_flight = {one["queue"]: one["in_flight"] for one in lines}
    yield _by("queue", "pressroom_queue_in_flight", "Messages in workers' hands.", in_flight)
    oldest = {one["queue"]: one["oldest_s"] for one in lines}
    yield _by("queue", "pressroom_queue_oldest_seconds", "Waiting time of the next one.", oldest)


def _workers(workers: list[WorkerView]) -> Iterator[Metric]:
    alive = Counter(dict.fromkeys(queues(), 0))
    silent: dict[str, float] = {}
    for worker in workers:
        queue = worker["queue"]
        alive[queue] += 1
        silent[queue] = max(silent.get(queue, 0), worker["silent_s"])
    yield _by("queue", "pressroom_workers", "Workers that live.", alive)
    yield _by("queue", "pressroom_worker_silent_seconds", "Since a worker's last beat, at most.", silent)


def _work(work: WorkView) -> Iterator[Metric]:
    yield _by("state", "pressroom_orders", "Paid orders that are neither delivered nor refunded.", work["orders"])
    yield _by("state", "pressroom_order_oldest_seconds", "Since the first was paid.", work["oldest_s"])
    yield _one("pressroom_orders_late", "Open orders past their promise.", work["orders_late"])
    yield _one("pressroom_orders_paused", "Open orders whose budget is spent.", work["orders_paused"])
    yield _by("state", "pressroom_steps", "Steps that are not done.", work["steps"])
    yield _one("pressroom_errands_late", "Errands that the sweep should have sent.", work["errands_late"])
    yield _one("pressroom_errands_late_seconds", "Since the first was due.", work["errands_late_s"])
    yield _one("pressroom_dead_letters", "Open dead letters.", work["dead_letters"])
    alerts = {"told": work["alerts_told"], "late": work["alerts_late"]}
    yield _by("state", "pressroom_alerts", "Alerts that were told, and that should have been.", alerts)
    yield _by("state", "pressroom_mails_untaken", "Letters that a mail server does not take.", work["mails"])


def _troubles(troubles: list[TroubleView]) -> Metric:
    found = Counter(trouble["kind"] for trouble in troubles)
    return _by("kind", "pressroom_troubles", "Troubles of the installation.", found)
