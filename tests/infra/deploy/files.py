"""What the files of infra/deploy start: every process of ours, whichever file it is in."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parent.parent.parent.parent
DEPLOY = ROOT / "infra/deploy"
SCRIPTS = Path(sys.executable).parent
#: Read by others than `Settings`: by boto3, and by the platform that wants to know the port.
OF_OTHERS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "PORT"}


class Process(NamedTuple):
    """Process that a file starts, with the settings that it is given."""

    file: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    #: The time from SIGTERM to SIGKILL. None where the file cannot say.
    grace_s: float | None
    number: int


def tool(*command: str, folder: Path = DEPLOY) -> str:
    """Run a tool, which must find nothing to object to. Returns its output."""
    place = shutil.which(command[0], path=f"{SCRIPTS}:{os.environ['PATH']}")
    assert place is not None, f"{command[0]} is not installed"
    done = subprocess.run(
        [place, *command[1:]], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


@cache
def compose() -> dict[str, Any]:
    """Return the compose file as Docker Compose resolves it, with the settings of `.env.example`."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        (place / ".env").write_text((DEPLOY / ".env.example").read_text())
        (place / "compose.yaml").write_text((DEPLOY / "compose.yaml").read_text())
        shown = tool("docker-compose", "--profile", "metrics", "config", "--format", "json", folder=place)
    return dict(json.loads(shown))


@cache
def kubernetes(folder: str) -> list[dict[str, Any]]:
    """Return the objects that Kustomize makes of a folder."""
    return [*yaml.safe_load_all(tool("kubectl", "kustomize", f"kubernetes/{folder}"))]


@cache
def sam() -> dict[str, Any]:
    """Return the template of the function. The functions of CloudFormation's are left as their arguments."""

    class Loader(yaml.SafeLoader):
        """Loader that knows what begins with `!` as text or a list."""

    def argument(_loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
        return node.value

    yaml.add_multi_constructor("!", argument, Loader)
    return dict(yaml.load((DEPLOY / "aws/template.yaml").read_text(), Loader))  # noqa: S506  # a safe one


def environment_file(path: str) -> dict[str, str]:
    """Return the settings in a file of `NAME=value` lines."""
    lines = (DEPLOY / path).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def of_kind(kind: str, folder: str = "base") -> list[dict[str, Any]]:
    """Return the objects of one kind."""
    return [one for one in kubernetes(folder) if one["kind"] == kind]


def pod_of(deployment: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the pod that a deployment makes, and its one container."""
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    return pod, container


def _of_compose() -> Iterator[Process]:
    for service in compose()["services"].values():
        if "build" in service:
            number = service.get("deploy", {}).get("replicas", 1)
            grace_s = _seconds(service["stop_grace_period"])
            yield Process("compose.yaml", tuple(service["command"]), service["environment"], grace_s, number)


def _of_kubernetes() -> Iterator[Process]:
    (settings,) = of_kind("ConfigMap")
    env = {**settings["data"], **environment_file("kubernetes/secret.env.example")}
    for deployment in of_kind("Deployment"):
        pod, container = pod_of(deployment)
        number = deployment["spec"].get("replicas", 1)
        yield Process("kubernetes", tuple(container["args"]), env, pod["terminationGracePeriodSeconds"], number)


def _of_render() -> Iterator[Process]:
    blueprint = yaml.safe_load((DEPLOY / "render.yaml").read_text())
    (group,) = blueprint["envVarGroups"]
    asked_for = {**environment_file("kubernetes/secret.env.example"), **environment_file(".env.example")}
    shared = {one["key"]: one.get("value") or asked_for.get(one["key"], "10.0.0.0/8") for one in group["envVars"]}
    for service in blueprint["services"]:
        if service["type"] != "keyvalue":
            own = {
                one["key"]: one.get("value", "redis://redis:6379") for one in service["envVars"] if "key" in one
            }
            command = tuple(service["dockerCommand"].split())
            grace_s, number = service["maxShutdownDelaySeconds"], service.get("numInstances", 1)
            yield Process("render.yaml", command, {**shared, **own}, grace_s, number)


def _of_procfile() -> Iterator[Process]:
    for line in (DEPLOY / "Procfile").read_text().splitlines():
        command = tuple(shlex.split(line.partition(": ")[2].replace("$PORT", "5000")))
        yield Process("Procfile", command, {}, None, 1)


def _seconds(duration: str) -> float:
    parts = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?", duration)
    assert parts is not None
    return 60 * int(parts[1] or 0) + int(parts[2] or 0)


def processes() -> Sequence[Process]:
    """Return every process that any of the files starts."""
    return [*_of_compose(), *_of_kubernetes(), *_of_render(), *_of_procfile()]


def images() -> Iterator[str]:
    """Yield the images that are named anywhere."""
    yield from (service["image"] for service in compose()["services"].values())
    yield from (pod_of(one)[1]["image"] for one in of_kind("Deployment"))
    yield from re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
