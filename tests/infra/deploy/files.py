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
from honcho.environ import parse_procfile

from infra.passwords import hash_password

ROOT = Path(__file__).parent.parent.parent.parent
DEPLOY = ROOT / "infra/deploy"
SCRIPTS = Path(sys.executable).parent
#: Read by others than `Settings`: by boto3, and by the platform that wants to know the port.
OF_OTHERS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "PORT"}

#: How the examples leave a key to whoever copies them, and one that a process takes.
_LEFT, _KEY = {"", "replace"}, "replaced-0f1e2d3c4b5a6978"

#: Two, quoted in `.env` as its example says.
OPERATORS = "\n".join(f"{name} {hash_password(name)}" for name in ("ada owner", "bob viewer"))


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
    """Return the compose file as Docker Compose resolves it, with the settings of `.env.example`, filled in."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        lines = (f"{name}={value}\n" for name, value in filled_in(".env.example").items())
        (place / ".env").write_text("".join([*lines, f"OPS_USERS='{OPERATORS}'\n"]))
        (place / "compose.yaml").write_text((DEPLOY / "compose.yaml").read_text())
        shown = tool("docker-compose", "--profile", "metrics", "config", "--format", "json", folder=place)
    # What it shows is a compose file again, in which a dollar is doubled.
    return dict(json.loads(shown.replace("$$", "$")))


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


def filled_in(path: str) -> dict[str, str]:
    """Return the same, with a key in the place of each that is left to whoever copies the file."""
    return {name: _KEY if value in _LEFT else value for name, value in environment_file(path).items()}


def of_kind(kind: str, folder: str = "base") -> list[dict[str, Any]]:
    """Return the objects of one kind."""
    return [one for one in kubernetes(folder) if one["kind"] == kind]


def pod_of(deployment: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the pod that a deployment or a job makes, and its one container."""
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
    env = {**settings["data"], **filled_in("kubernetes/secret.env.example")}
    for deployment in of_kind("Deployment"):
        pod, container = pod_of(deployment)
        number = deployment["spec"].get("replicas", 1)
        yield Process("kubernetes", tuple(container["args"]), env, pod["terminationGracePeriodSeconds"], number)


def _of_render() -> Iterator[Process]:
    blueprint = yaml.safe_load((DEPLOY / "render.yaml").read_text())
    (group,) = blueprint["envVarGroups"]
    shared = {one["key"]: one["value"] for one in group["envVars"]}
    services = {one["name"]: one for one in blueprint["services"]}
    for service in services.values():
        if service["type"] != "keyvalue":
            own = {one["key"]: _render_value(one, services) for one in service["envVars"] if "key" in one}
            command = tuple(service["dockerCommand"].split())
            grace_s, number = service["maxShutdownDelaySeconds"], service.get("numInstances", 1)
            yield Process("render.yaml", command, {**shared, **own}, grace_s, number)


def _render_value(variable: Mapping[str, Any], services: Mapping[str, Any]) -> str:
    """Return what a variable of Render's is set to: by the file, by whoever is asked, or by another service."""
    key, source = variable["key"], variable.get("fromService")
    if source is None:
        asked_for = {**filled_in("kubernetes/secret.env.example"), **filled_in(".env.example")}
        return variable.get("value") or asked_for.get(key, "10.0.0.0/8")
    if "property" in source:
        return "redis://redis:6379"
    (there,) = [one for one in services[source["name"]]["envVars"] if one.get("key") == source["envVarKey"]]
    return _render_value(there, services)


def _of_procfile() -> Iterator[Process]:
    for line in parse_procfile((DEPLOY / "Procfile").read_text()).processes.values():
        yield Process("Procfile", tuple(shlex.split(line.replace("$PORT", "5000"))), {}, None, 1)


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
    for folder in ("base", "example"):
        yield from (pod_of(one)[1]["image"] for one in of_kind("Deployment", folder))
    yield from re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
