"""The house rules that a test can hold."""

import subprocess
import sys

import pytest

HEAVY = ("openai", "weasyprint", "pikepdf", "pebble", "moto")


@pytest.mark.parametrize("module", ["handlers.web.app", "handlers.web.server"])
def test_the_web_process_loads_no_actor_and_no_vendor_of_theirs(module: str) -> None:
    """Taking an order needs neither the LLM's nor the typesetter's libraries."""
    code = f"import sys, {module}; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.split() == []


def test_the_command_line_starts_without_the_vendors() -> None:
    """Asking for help loads no client of any server."""
    heavy = (*HEAVY, "rich", "pymongo", "boto3", "stripe", "dramatiq", "redis")
    code = f"import sys, handlers.cli.main; print(*sorted(set(sys.modules) & set({heavy!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.split() == []
