"""The house rules that a test can hold."""

import re
import subprocess
import sys
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.serverless import NOWHERE

# The client of Redis loads the half of OpenTelemetry's SDK that measures, wherever that is installed.
HEAVY = ("openai", "weasyprint", "pikepdf", "pebble", "moto", "opentelemetry.exporter", "opentelemetry.sdk.trace")


@pytest.mark.parametrize("module", ["handlers.web.app", "handlers.web.server", "handlers.ops.routes"])
def test_the_web_process_loads_no_actor_and_no_vendor_of_theirs(module: str) -> None:
    """Taking an order needs neither the LLM's nor the typesetter's libraries."""
    code = f"import sys, {module}; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.split() == []


def test_the_mail_worker_does_not_load_the_writers_library() -> None:
    """What every worker loads when it starts leaves the LLM's client to those that write."""
    code = "import sys, actors.worker.process, actors.worker.actors; print(int('openai' in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout == "0\n"


def test_the_command_line_starts_without_the_vendors() -> None:
    """Asking for help loads no client of any server."""
    heavy = (*HEAVY, "rich", "pymongo", "boto3", "stripe", "dramatiq", "redis")
    code = f"import sys, handlers.cli.main; print(*sorted(set(sys.modules) & set({heavy!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.split() == []


def test_the_serverless_webhook_loads_nothing_that_it_does_not_need() -> None:
    """With its own four settings the function starts, connects to nothing, and brings no other part's library."""
    foreign = (
        *HEAVY,
        "boto3",
        "botocore",
        "jinja2",
        "click",
        "httpx2",
        "uvicorn",
        "itsdangerous",
        "nh3",
        "prometheus_client",
    )
    code = f"import sys, handlers.serverless; print(*sorted(set(sys.modules) & set({foreign!r})))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=NOWHERE, capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.split() == []
    assert done.stderr == ""


def test_the_serverless_lock_has_all_that_the_webhook_imports() -> None:
    """A function installed from its own lock starts: whatever it imports is in there."""
    folder = Path(__file__).parent.parent / "infra" / "deploy" / "locks"
    locked = {line.split("==")[0] for line in (folder / "serverless.txt").read_text().splitlines() if "==" in line}
    others = {
        module
        for module, owners in packages_distributions().items()
        if not {owner.lower().replace("_", "-") for owner in owners} & {*locked, "pressroom"}
    }
    code = f"import sys; sys.modules.update(dict.fromkeys({sorted(others)!r})); import handlers.serverless"
    subprocess.run([sys.executable, "-c", code], env=NOWHERE, check=True, timeout=30)


def test_the_map_of_an_orders_way_names_what_there_is() -> None:
    """Each stop of the table in docs/architecture.md is a function of the file that it names."""
    text = (Path(__file__).parent.parent / "docs" / "architecture.md").read_text()
    stops = re.findall(r"^\| `([\w/]+)\.py` \| `(\w+)` \|", text, re.MULTILINE)
    assert len(stops) >= 15
    for file, function in stops:
        assert callable(getattr(import_module(file.replace("/", ".")), function, None)), (file, function)
