"""The commands of docs/quickstart.md, run as they stand there."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_PAGE = Path(__file__).parent.parent / "docs/quickstart.md"
#: The port of the shop on the page; another one where that is taken.
PORT = 8000


def blocks() -> dict[str, str]:
    """Return the commands below each heading."""
    sections = re.split(r"^## ", _PAGE.read_text(), flags=re.MULTILINE)[1:]
    found = {section.partition("\n")[0]: "".join(_fenced(section)) for section in sections}
    return {heading: commands for heading, commands in found.items() if commands}


def _fenced(section: str) -> Iterator[str]:
    return iter(re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))


def run(headings: Sequence[str], folder: Path, env: Mapping[str, str], port: int, within_s: float) -> str:
    """Run the commands below these headings in a shell, which ends at the first that fails. Returns their output.

    It fails if they take too long. Nothing that they started is left.
    """
    commands = "".join(blocks()[heading] for heading in headings).replace(str(PORT), str(port))
    log = folder / "commands.log"
    with log.open("wb") as said:
        words = ["/bin/bash", "-eux", "-o", "pipefail", "-c", commands]
        shell = subprocess.Popen(words, cwd=folder, env=env, stdout=said, stderr=said, start_new_session=True)
    try:
        code: int | None = shell.wait(within_s)
    except subprocess.TimeoutExpired:
        code = None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()
    assert code == 0, log.read_text()
    return log.read_text()
