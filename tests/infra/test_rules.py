"""The rules for Prometheus, as its own tool reads them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RULES = Path("infra/deploy/prometheus/rules.test.yml")


@pytest.mark.long
def test_each_rule_is_quiet_and_loud_when_it_should_be() -> None:
    """Of series that are well no alert comes, and of those that are not, the right one with its labels."""
    promtool = Path(sys.executable).with_name("promtool")
    found = str(promtool) if promtool.exists() else shutil.which("promtool")
    assert found, "There is no promtool: run `make test`, or install Prometheus."
    done = subprocess.run([found, "test", "rules", RULES], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
