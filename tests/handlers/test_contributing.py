"""CONTRIBUTING.md, done as it says."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from infra.local.environment import outer_environment
from infra.local.stack import Stack

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def followed(tmp_path: Path) -> Path:
    """A folder with a copy of `handlers` to which the recipe's command was added, by its first two steps."""
    recipe = (ROOT / "CONTRIBUTING.md").read_text().partition("## Add an operator's command\n")[2]
    (source,) = re.findall(r"```python\n(.*?)```", recipe.partition("\n## ")[0], re.DOTALL)
    shutil.copytree(ROOT / "handlers", tmp_path / "handlers")
    (tmp_path / "handlers/cli/brands.py").write_text(dedent(source))
    main = tmp_path / "handlers/cli/main.py"
    text = main.read_text()
    assert text.count("\n_OPERATING = (") == text.count("\nimport click\n") == 1
    text = text.replace("\nimport click\n", "\nimport click\n\nfrom handlers.cli.brands import brands\n")
    main.write_text(text.replace("\n_OPERATING = (", "\n_OPERATING = (brands, "))
    return tmp_path


@pytest.mark.long
def test_a_command_that_is_added_by_the_recipe_works(followed: Path, stack: Stack) -> None:
    """It is listed with its summary, and shows rows as a table and, with every field, as JSON."""

    def run(*args: str) -> str:
        program = "from handlers.cli import main; main()"
        env = {**outer_environment(), **stack.env, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-c", program, *args]
        return subprocess.run(command, cwd=followed, env=env, capture_output=True, text=True, check=True).stdout

    assert "List the brands that are served." in run("--help")
    assert run("brands").split() == ["id", "name", "main"]
    assert json.loads(run("brands", "--json")) == [{"id": "main", "name": None, "limit": None}]
