"""Each file, as the tool of its own kind sees it."""

import kubernetes_validate
import pytest

from tests.infra.deploy.files import compose, kubernetes, tool

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
    """What Kustomize makes of both folders has no key that the API does not have. KEDA's objects are its own."""
    ours = [one for one in kubernetes("keda") if not one["apiVersion"].startswith("keda.sh/")]
    assert ours == kubernetes("base")
    for one in ours:
        kubernetes_validate.validate(one, version, strict=True)


def test_cloudformation_knows_the_function() -> None:
    """The template and each property are valid after SAM's transformation, in every region."""
    tool("cfn-lint", "aws/template.yaml")


def test_no_yaml_says_a_thing_twice() -> None:
    """Also where no other tool looks: at Render's blueprint, and at KEDA's and Prometheus's files."""
    tool("yamllint", "--strict", "--config-data", RULES, ".")


def test_prometheus_reads_its_file() -> None:
    """Each key is one of Prometheus's."""
    tool("promtool", "check", "config", "--syntax-only", "prometheus/compose.yml")
