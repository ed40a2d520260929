"""Traces where none are wanted, or none can be sent."""

import subprocess
import sys

import pytest

from infra.otlp import ids_of
from infra.tracing import span
from tests.infra.test_settings import GIVEN

#: Begins to trace, and prints whether the SDK for that is loaded.
BEGIN = """
import sys
from infra.settings import read_settings
from infra.tracing import begin_tracing
begin_tracing(read_settings(), "web")
print("opentelemetry.sdk.trace" in sys.modules)
"""
ASKED = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


def begun(before: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Begin to trace in a process with these settings, in which something was done before."""
    return subprocess.run(
        [sys.executable, "-c", before + BEGIN], env={**GIVEN, **env}, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("env", [{}, {**ASKED, "OTEL_SDK_DISABLED": "true"}])
def test_nothing_is_loaded_unless_it_is_asked_for(env: dict[str, str]) -> None:
    """Without an endpoint, or where the SDK is disabled, a process has no part of it that traces."""
    assert begun(**env).stdout == "False\n"
    assert begun(**ASKED).stdout == "True\n"


def test_what_is_not_installed_stops_the_start() -> None:
    """Whoever asks for traces without the optional dependencies is told their name."""
    done = begun("import sys; sys.modules['opentelemetry'] = None\n", **ASKED)
    assert (done.returncode, "pressroom[traces]" in done.stderr) == (1, True)


def test_without_an_endpoint_a_span_is_nothing() -> None:
    """Work goes on as it is, and its errors go through."""
    with span("work", "cs_1", step="s") as said:
        said["tokens"] = 1
    assert said == {"step": "s", "tokens": 1}
    with pytest.raises(ValueError, match="its own"), span("work", "cs_1"):
        raise ValueError("its own")


def test_the_ids_of_a_trace_stay_what_they_are() -> None:
    """Processes of different versions add to one trace, so a change of the ids would part it."""
    assert ids_of("cs_1") != ids_of("cs_2")
    assert f"{ids_of('cs_1')[0]:032x}" == "fe544b0c9fe42c680112fe5e3dee1732"
