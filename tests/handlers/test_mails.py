"""`pressroom mails preview`: every letter in a folder, on a machine that has nothing else."""

import subprocess
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

from infra.local.environment import outer_environment
from tests.commands import run
from tests.pressroom import PRESSROOM


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """One line says which it is, and why, in place of a traceback; the exit code is 1."""
    (tmp_path / "file").touch()
    folder = str(tmp_path / "file" / "new")
    code, out, err = run(outer_environment(), PRESSROOM, "mails", "preview", "--out", folder)
    assert (code, out, err) == (1, "", f"Error: {folder}: Not a directory.\n")


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    """Also one that is no text: what is said of it has an escape."""
    code, out, _ = run(outer_environment(), PRESSROOM, "mails", "preview", "--out", str(tmp_path / "\udcff"))
    assert (code, out.endswith(" letters in " + str(tmp_path / r"\udcff" / "index.html") + "\n")) == (0, True)


def test_all_letters_are_written_without_settings_and_servers(tmp_path: Path) -> None:
    """Each is there as HTML, as text and as the message that would be sent, and the index leads to all of them."""
    command = [*PRESSROOM, "mails", "preview", "--out", str(tmp_path / "new")]
    subprocess.run(command, env=outer_environment(), check=True, timeout=30)
    files = {file.name: file for file in (tmp_path / "new").iterdir()}
    index = files.pop("index.html").read_text("utf-8")
    assert {Path(name).suffix for name in files} == {".html", ".txt", ".eml"}
    assert all(f'href="{name}"' in index for name in files)
    message = message_from_bytes(files["aurora-completion-arabic.eml"].read_bytes(), policy=SMTP)
    assert message["From"] == "Aurora Letters <letters@aurora.example>"
    assert message["X-Pressroom-Mail"] == "completion"
