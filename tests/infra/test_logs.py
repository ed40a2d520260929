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
    try:
        raise ValueError(name)
    except ValueError as error:
        raise RuntimeError(f"It failed for {name}.") from error
try:
    fail("xanthippe")
except RuntimeError:
    structlog.get_logger().exception("something_failed", order="cs_1")
"""


UNAWAITED = """
import asyncio, gc, sys
from infra.logs import set_up_logs
set_up_logs(sys.argv[1], "test")
async def fail():
    raise ValueError("xanthippe")
async def begin():
    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()
asyncio.run(begin())
"""


def log_of(form: str, code: str = FAILS) -> str:
    """Return what a process writes to stderr when something fails in it."""
    done = subprocess.run(
        [sys.executable, "-c", code, form], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_shows_no_variables(form: str) -> None:
    """A logged failure says where and why, and nothing that a customer wrote."""
    output = log_of(form)
    assert "something_failed" in output
    assert "RuntimeError" in output
    assert "xanthippe" not in output.replace('fail("xanthippe")', "").casefold()


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_task_that_nobody_awaited_shows_no_words(form: str) -> None:
    """Asyncio says that one failed, with its type and the place."""
    output = log_of(form, UNAWAITED)
    assert "Task exception was never retrieved" in output
    assert "ValueError" in output
    assert "xanthippe" not in output.replace('raise ValueError("xanthippe")', "")


def test_a_sentence_of_ours_is_logged_whole() -> None:
    """Errors of ours quote nothing, so that their words may help."""
    ours = FAILS.replace("RuntimeError(f", "TransientError(").replace(
        "except RuntimeError", "except TransientError"
    )
    ours = ours.replace("{name}", "now").replace(
        "import sys,", "from infra.errors import TransientError; import sys,"
    )
    entry = json.loads(log_of("json", ours.replace("import sys, structlog", "import sys, structlog")))
    assert entry["exception"][0]["exc_value"] == "It failed for now."


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
