"""Several processes of each kind: how they share the work, and the loss of one of each."""

from collections import Counter, defaultdict

from prometheus_client.parser import text_string_to_metric_families

from infra.local.part import Part
from infra.local.ports import HOST
from tests import plain_http
from tests.chaos.scene import Scene

#: What a process has done, by its own metrics: events taken, steps done, letters sent.
_WORK = {
    "pressroom_webhook_seconds_count": {"outcome": "taken"},
    "pressroom_step_events_total": {"event": "done"},
    "pressroom_mails_total": {"outcome": "sent"},
}


def kind_of(part: Part) -> str:
    """Return the process's kind: `web`, `sweep`, or `worker` and its queue."""
    words = part.command[1:]
    return " ".join(words[: 2 if words[0] == "worker" else 1])


def done_by(part: Part) -> int:
    """Return how many pieces of work a process has done."""
    shown = plain_http.get(f"http://{HOST}:{part.env['METRICS_PORT']}/metrics").text
    samples = [one for family in text_string_to_metric_families(shown) for one in family.samples]
    return round(sum(one.value for one in samples if one.labels.items() >= _WORK.get(one.name, {"": ""}).items()))


def shares(scene: Scene) -> dict[str, list[int]]:
    """Return what each process that lives has done, by kind. Sweeps do not count what they do."""
    found: dict[str, list[int]] = defaultdict(list)
    for part in scene.pressroom.parts:
        if part.running and kind_of(part) != "sweep":
            found[kind_of(part)].append(done_by(part))
    return dict(found)


def lose_one_of_each(scene: Scene) -> int:
    """Kill a process of each kind of which there are several, for good. Returns how many that were."""
    there = Counter(kind_of(part) for part in scene.pressroom.parts)
    lost = [kind for kind, count in there.items() if count > 1]
    for kind in lost:
        scene.kill(next(part for part in scene.pressroom.parts if kind_of(part) == kind), for_good=True)
    return len(lost)
