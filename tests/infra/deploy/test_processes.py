"""What the files start, held against what there is to start."""

import json
import re
from collections import defaultdict
from importlib.util import find_spec
from inspect import signature

import msgspec
import pytest

from actors.products.catalogue import PRODUCTS, queues, queues_of
from infra.broker.broker import Broker, QueueKeys
from infra.errors import SettingsError
from infra.pdf.renderer import Renderer
from infra.settings import Settings, WebhookSettings, read_settings
from tests.commands import parse
from tests.infra.deploy.files import (
    DEPLOY,
    OF_OTHERS,
    OPERATORS,
    Process,
    compose,
    environment_file,
    filled_in,
    images,
    of_kind,
    pod_of,
    processes,
    sam,
)

EVERY = processes()
FILES = {"compose.yaml", "kubernetes", "render.yaml", "Procfile"}


def names_of(kind: type[WebhookSettings]) -> set[str]:
    """Return the names of settings."""
    return {one.encode_name for one in msgspec.structs.fields(kind)}


@pytest.mark.parametrize("one", EVERY, ids=lambda one: f"{one.file} {' '.join(one.command)}")
def test_a_process_is_one_that_there_is_with_settings_that_are_right(one: Process) -> None:
    """The command line takes its command, `Settings` all that it is given; no name is unknown, none missing."""
    parse(one.command)
    if one.env:
        assert one.env.keys() <= names_of(Settings) | OF_OTHERS
        settings = read_settings(one.env)
        assert settings.grace_s > settings.llm_timeout_s
        assert one.grace_s is not None
        assert one.grace_s > settings.grace_s + 5


def test_every_queue_has_its_worker_and_every_installation_its_sweeps() -> None:
    """No file forgets a product, the mail, the door or the sweep, of which there are two but in the Procfile."""
    started: dict[str, dict[tuple[str, ...], int]] = defaultdict(dict)
    for one in EVERY:
        words = one.command[1:3] if one.command[1] == "worker" else one.command[1:2]
        started[one.file][words] = one.number
    assert started.keys() == FILES
    for file, there in started.items():
        assert there.keys() == {("web",), ("sweep",), *(("worker", queue) for queue in queues())}, file
        assert there["sweep",] == (1 if file == "Procfile" else 2)


def test_a_worker_is_asked_after_by_its_own_queue() -> None:
    """Compose and Kubernetes ask `pressroom workers check` of each worker, of no other queue than its own."""
    asked = {}
    for service in compose()["services"].values():
        if "build" in service and service["command"][1] == "worker":
            asked[f"compose {service['command'][2]}"] = service["healthcheck"]["test"][1:]
    for deployment in of_kind("Deployment"):
        _, container = pod_of(deployment)
        if container["args"][1] == "worker":
            probes = [container[probe]["exec"]["command"] for probe in ("startupProbe", "livenessProbe")]
            assert probes[0] == probes[1]
            asked[f"kubernetes {container['args'][2]}"] = probes[0]
    assert len(asked) == 2 * len(queues())
    for name, command in asked.items():
        assert parse(command) == {"queue": name.split()[1]}


def test_to_be_asked_takes_little_of_a_process() -> None:
    """A program starts once a minute at most, and has time on a full node; other servers are asked four times."""
    for service in compose()["services"].values():
        test = service.get("healthcheck", {}).get("test", [])
        if {"mongosh", "pressroom"} & {*test}:
            assert service["healthcheck"]["interval"] == "1m0s"
    for deployment in of_kind("Deployment"):
        _, container = pod_of(deployment)
        if "exec" in (alive := container.get("livenessProbe", {})):
            share = int(container["resources"]["requests"]["cpu"].removesuffix("m")) / 1000
            assert alive["periodSeconds"] == 60
            assert alive["timeoutSeconds"] * share >= 6  # thrice the processor time that it takes
        if ready := container.get("readinessProbe"):
            assert ready["periodSeconds"] >= 15


def test_no_process_may_more_than_it_needs() -> None:
    """Ours run on a read-only file system with a /tmp, as nobody in particular and without a capability."""
    for service in compose()["services"].values():
        assert "no-new-privileges:true" in service["security_opt"]
        assert {"max-size", "max-file"} <= service["logging"]["options"].keys()
        assert service["restart"] == "unless-stopped"
        if "build" in service:
            assert (service["read_only"], service["cap_drop"], service["tmpfs"]) == (True, ["ALL"], ["/tmp"])  # noqa: S108
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    for deployment in of_kind("Deployment"):
        pod, container = pod_of(deployment)
        security = container["securityContext"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert security["readOnlyRootFilesystem"]
        assert not security["allowPrivilegeEscalation"]
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert [one["mountPath"] for one in container["volumeMounts"]] == ["/tmp"]  # noqa: S108
        assert {"requests", "limits"} == container["resources"].keys()


def test_a_swelling_chapter_is_ended_before_its_worker() -> None:
    """A product's pod has room for a child at its bound, a full /tmp, and more than the rest of a worker takes."""
    child = signature(Renderer).parameters["memory"].default
    for deployment in of_kind("Deployment"):
        pod, container = pod_of(deployment)
        if container["args"][1] == "worker" and container["args"][2] in PRODUCTS:
            (scratch,) = pod["volumes"]
            left = _bytes(container["resources"]["limits"]["memory"]) - child
            assert left - _bytes(scratch["emptyDir"]["sizeLimit"]) >= 500_000_000


def _bytes(quantity: str) -> int:
    return int(quantity.removesuffix("Mi")) << 20


def test_a_process_may_have_a_secret_of_its_kind() -> None:
    """What it says goes before the shared one's; its kind is one that MongoDB has a role for."""
    kinds = json.loads((DEPLOY / "mongodb/roles.json").read_text())
    for deployment in of_kind("Deployment"):
        _, container = pod_of(deployment)
        *shared, own = container["envFrom"]
        assert {"secretRef": {"name": "pressroom"}} in shared
        kind = container["args"][1]
        assert (own, kind in kinds) == ({"secretRef": {"name": f"pressroom-{kind}", "optional": True}}, True)


def test_the_job_of_the_indexes_is_made_by_hand_of_what_the_processes_have() -> None:
    """Its command is one that there is; image, settings and privileges are a sweep's; it never runs by itself."""
    (cron,) = of_kind("CronJob", "example")
    (sweep,) = (one for one in of_kind("Deployment", "example") if one["metadata"]["name"] == "pressroom-sweep")
    (pod, ours), (like, theirs) = pod_of(cron["spec"]["jobTemplate"]), pod_of(sweep)
    assert cron["spec"]["suspend"]
    assert parse(ours["args"]) == parse(["pressroom", "indexes"])
    assert (ours["image"], ours["envFrom"]) == (theirs["image"], theirs["envFrom"][:2])
    assert ours["securityContext"] == theirs["securityContext"]
    assert pod["securityContext"].items() <= like["securityContext"].items()


def test_an_overlay_changes_settings_that_there_are() -> None:
    """With the example's values over the base's, and the Secret's, every setting is known and right."""
    (settings,) = of_kind("ConfigMap", "example")
    (base,) = of_kind("ConfigMap")
    given = {**settings["data"], **filled_in("kubernetes/secret.env.example")}
    assert settings["data"].keys() == base["data"].keys()
    assert read_settings(given).public_url == environment_file("kubernetes/example/settings.env")["PUBLIC_URL"]


def test_every_pod_is_counted_by_one_budget_of_disruptions() -> None:
    """A node that is emptied never takes all of the door's, of the sweep's or of the workers' pods at once."""
    budgets = [one["spec"]["selector"]["matchLabels"] for one in of_kind("PodDisruptionBudget")]
    for deployment in of_kind("Deployment"):
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert sum(budget.items() <= labels.items() for budget in budgets) == 1


def test_images_have_versions() -> None:
    """No image is whatever is newest today."""
    assert len(every := [*images()]) > 10
    assert [image for image in every if not re.search(r":v?\d+\.\d+[\w.-]*$", image)] == []


def test_a_product_is_scaled_by_the_messages_of_its_queues() -> None:
    """KEDA counts the hashes that hold what waits and what is in hand; only the longest product goes to none."""
    namespace = Broker("redis://127.0.0.1/0").namespace
    commands = {one["metadata"]["name"]: pod_of(one)[1]["args"] for one in of_kind("Deployment")}
    least = {}
    for scaled in of_kind("ScaledObject", "keda"):
        spec = scaled["spec"]
        queue = commands[spec["scaleTargetRef"]["name"]][2]
        least[queue] = spec["minReplicaCount"]
        counted = [trigger["metadata"]["listName"] for trigger in spec["triggers"]]
        assert counted == [QueueKeys(namespace, part).messages for part in queues_of(queue)]
        (deployment,) = (
            one for one in of_kind("Deployment") if one["metadata"]["name"] == scaled["metadata"]["name"]
        )
        assert "replicas" not in deployment["spec"]
    assert least == {**dict.fromkeys(PRODUCTS, 1), "personal_horoscope": 0}


def test_the_function_has_its_own_settings_and_no_others() -> None:
    """Each of the webhook's settings can be given to it, but for the form of its log, and no other one."""
    function = sam()["Resources"]["Webhook"]["Properties"]
    assert set(function["Environment"]["Variables"]) == names_of(WebhookSettings) - {"LOG_FORMAT"}
    module, _, name = function["Handler"].rpartition(".")
    assert (find_spec(module) is not None, name) == (True, "handler")


def test_the_function_deploys_in_an_account_that_can_reserve_nothing() -> None:
    """No concurrency is reserved unless it is asked for: a new account has none to spare."""
    template = sam()
    reserved = template["Resources"]["Webhook"]["Properties"]["ReservedConcurrentExecutions"]
    condition, wanted, otherwise = (one.value for one in reserved)
    assert (condition, wanted, otherwise) == ("Reserves", "Concurrency", "AWS::NoValue")
    assert template["Parameters"]["Concurrency"]["Default"] == 0


def test_operators_come_through_compose_as_they_were_written() -> None:
    """Each line of an operator, in quotes in `.env`, keeps its hash: no part of it is taken for a variable."""
    (web,) = [one for one in EVERY if one.file == "compose.yaml" and "web" in one.command]
    assert web.env["OPS_USERS"] == OPERATORS


def test_an_example_shows_no_secret() -> None:
    """What must be secret is visibly made up or left out, and with our own keys as they are no process starts."""
    secret = re.compile(r"_KEY$|SECRET|_TOKEN$")
    for path in (".env.example", "kubernetes/secret.env.example"):
        shown = {name: value for name, value in environment_file(path).items() if secret.search(name)}
        assert all(value == "" or "replace" in value for value in shown.values())
        with pytest.raises(SettingsError, match=r"(?s)SECRET_KEY.*METRICS_TOKEN"):
            read_settings(environment_file(path))
