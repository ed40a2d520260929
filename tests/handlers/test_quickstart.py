"""A stranger's first order, by the commands of docs/quickstart.md, beside servers that run.

tests/infra/deploy/test_package.py runs those that start servers, too, on a wheel.
"""

import os
from pathlib import Path

import pytest

from infra.local.environment import outer_environment
from infra.local.notice import put_up
from infra.local.stack import Stack
from tests.pressroom import PATIENCE_S, PRESSROOM, Pressroom
from tests.quickstart import blocks, run


@pytest.mark.long
def test_the_commands_of_the_quickstart_lead_to_a_paid_order_and_its_mail(stack: Stack, tmp_path: Path) -> None:
    """In an empty folder beside the servers each succeeds: the report is there, and its letter is caught."""
    install, servers, *headings = blocks()
    assert (install, servers) == ("Install", "The servers")
    (tmp_path / "servers.log").write_text(f"The inbox      {stack.urls.inbox}\n")
    path = f"{Path(PRESSROOM[0]).parent}:{os.environ['PATH']}"
    with Pressroom(stack) as house, put_up(_made(tmp_path / ".local"), {**stack.env, **house.env}):
        said = run(headings, tmp_path, {**outer_environment(), "PATH": path}, stack.web_port, PATIENCE_S)
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert "delivered" in said
    (letter,) = stack.inbox.letters(to="ada@first.example")
    assert letter.headers["X-Pressroom-Mail"] == "completion"


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
