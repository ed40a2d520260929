"""A stranger's first order, by the commands of docs/quickstart.md; `make dist` runs them on a wheel."""

import os
from pathlib import Path

import pytest

from infra.local.environment import outer_environment
from tests.ports import free_ports
from tests.pressroom import PRESSROOM
from tests.quickstart import blocks, run


@pytest.mark.long
def test_the_commands_of_the_quickstart_lead_to_a_paid_order_and_its_mail(tmp_path: Path) -> None:
    """In an empty folder each succeeds, from the servers on: the report is there, and its letter is caught."""
    install, *headings = blocks()
    assert (install, headings[0]) == ("Install", "The servers")
    env = {**outer_environment(), "PATH": f"{Path(PRESSROOM[0]).parent}:{os.environ['PATH']}"}
    said = run(headings, tmp_path, env, free_ports(1)[0], within_s=300)
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert "delivered" in said
    assert "ada@first.example" in (tmp_path / "inbox.html").read_text()
