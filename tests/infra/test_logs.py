"""What a log line holds, and what it must not."""

import json
import subprocess
import sys

import pytest

FAILS = """
import sys, structlog
from infra.logs import set_up_logs
set_up_logs(sys.argv[1], "test")
def fail(customer):
    name = customer.upper()
    raise ValueError("It failed.")
try:
    fail("xanthippe")
except ValueError:
    structlog.get_logger().exception("something_failed", order="cs_1")
"""


def log_of(form: str) -> str:
    """Return what a process writes to stderr when something fails in it."""
    done = subprocess.run(
        [sys.executable, "-c", FAILS, form], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_shows_no_variables(form: str) -> None:
    """A logged failure says where and why, and nothing that a customer wrote."""
    output = log_of(form)
    assert "something_failed" in output
    assert "ValueError" in output
    assert "xanthippe" not in output.replace('fail("xanthippe")', "").casefold()


def test_a_json_line_is_one_object() -> None:
    """Each line of the JSON form is an object with event, level, time, process and the ids that were bound."""
    (line,) = log_of("json").splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["order"], entry["level"], entry["process"]) == (
        "something_failed",
        "cs_1",
        "error",
        "test",
    )
    assert entry["timestamp"].endswith("Z")
