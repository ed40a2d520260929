"""Each file, as the tool of its own kind sees it."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.infra.deploy.files import DEPLOY, ROOT, compose, kubernetes, of_kind, pod_of, tool

#: `preStop: sleep` is there from the first of them on.
OLDEST, NEWEST = "1.30", "1.37"
#: Two keys of one name, and a wrong indentation, which YAML takes.
RULES = "{extends: relaxed, rules: {line-length: disable, truthy: enable}}"


def test_the_dockerfile_has_no_known_flaw() -> None:
    """Hadolint, and ShellCheck in it, object to nothing, not even to style."""
    tool("hadolint", "--failure-threshold", "style", "Dockerfile")


def test_compose_reads_its_file() -> None:
    """Docker Compose resolves every reference, knows every key, and warns of nothing."""
    assert {"web", "sweep", "mongodb", "valkey", "s3", "mail", "prometheus", "grafana"} <= compose()[
        "services"
    ].keys()


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_knows_every_object(version: str) -> None:
    """What Kustomize makes of all folders has no key that the API does not have. KEDA's objects are its own."""
    ours = [one for one in kubernetes("keda") if not one["apiVersion"].startswith("keda.sh/")]
    assert ours == kubernetes("base")
    for one in (*ours, *kubernetes("example")):
        kubernetes_validate.validate(one, version, strict=True)


def test_keda_knows_every_object() -> None:
    """Its models read each of its objects, and what they have read is all that it says: no key is unknown."""
    theirs = [one for one in kubernetes("keda") if one["apiVersion"] == "keda.sh/v1alpha1"]
    assert {one["kind"] for one in theirs} == {"ScaledObject", "TriggerAuthentication"}
    models = [sys.executable, "-m", "tests.infra.deploy.keda_models"]
    env = {"PYTHONPATH": f"{Path(sys.prefix) / 'keda'}:{ROOT}"}
    read = subprocess.run(models, env=env, input=json.dumps(theirs), capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout) == theirs


def test_cloudformation_knows_the_function() -> None:
    """The template and each property are valid after SAM's transformation, in every region."""
    tool("cfn-lint", "--regions", "ALL_REGIONS", "--", "aws/template.yaml")


def test_no_yaml_says_a_thing_twice() -> None:
    """Also where no other tool looks: at Render's blueprint, and at Prometheus's files."""
    tool("yamllint", "--strict", "--config-data", RULES, ".")


@pytest.mark.parametrize("file", ["compose.yml", "prometheus.example.yml"])
def test_prometheus_reads_its_file(file: str) -> None:
    """Each key is one of Prometheus's."""
    tool("promtool", "check", "config", "--syntax-only", f"prometheus/{file}")


def test_prometheus_asks_every_pod_once(tmp_path: Path) -> None:
    """Of each pod one job keeps one port; what is not about finding pods is Prometheus's."""
    config = yaml.safe_load((DEPLOY / "prometheus/kubernetes.example.yml").read_text())
    kept = [re.compile(job["relabel_configs"][0]["regex"]) for job in config["scrape_configs"]]
    for deployment in of_kind("Deployment"):
        component = deployment["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]
        ports = [f"{component};{port['name']}" for port in pod_of(deployment)[1]["ports"]]
        assert len([port for port in ports for one in kept if one.fullmatch(port)]) == 1
    for job in config["scrape_configs"]:
        del job["kubernetes_sd_configs"]  # Debian's promtool is built without them
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    tool("promtool", "check", "config", "--syntax-only", "prometheus.yml", folder=tmp_path)


def dashboard() -> list[dict[str, Any]]:
    """Return the panels of the dashboard, rows aside."""
    shown = json.loads((DEPLOY / "grafana/pressroom.json").read_text())
    return [panel for panel in shown["panels"] if panel["type"] != "row"]


def test_prometheus_understands_every_query_of_the_dashboard(tmp_path: Path) -> None:
    """Each is PromQL, and asks the data source that compose.yaml sets up."""
    (source,) = yaml.safe_load(compose()["configs"]["grafana_prometheus"]["content"])["datasources"]
    queries = [target for panel in dashboard() for target in panel["targets"]]
    assert {query["datasource"]["uid"] for query in queries} == {source["uid"]}
    records = [
        {"record": "asked", "expr": query["expr"], "labels": {"nth": str(nth)}}
        for nth, query in enumerate(queries)
    ]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": records}]}))
    tool("promtool", "check", "rules", "queries.yml", folder=tmp_path)


def test_panels_lie_side_by_side() -> None:
    """No two panels of the dashboard share a place, and none goes beyond its 24 columns."""
    places = []
    for panel in dashboard():
        at = panel["gridPos"]
        places += [(at["x"] + right, at["y"] + down) for right in range(at["w"]) for down in range(at["h"])]
    assert len(places) == len(set(places))
    assert all(column < 24 for column, _ in places)
