"""`make dist`: builds sdist and wheel into dist/, and proves them by a demo and a first order, far from here."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import quickstart
from tests.ports import free_ports

ROOT = Path(__file__).parent.parent
PACKAGES = ("handlers", "actors", "storage", "infra")
_LOCK = ROOT / "infra/deploy/locks/dev.txt"


def copy_packages(folder: Path) -> None:
    """Copy the product's packages, and nothing that was made of them."""
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))


def build_sdist(folder: Path) -> Path:
    """Build the sdist from a copy of the product's folders, into a folder."""
    source = folder / "source"
    copy_packages(source)
    for name in ("pyproject.toml", "MANIFEST.in", "README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    return _build("build_sdist", source, folder)


def build_wheel(sdist: Path, folder: Path) -> Path:
    """Build the wheel from an sdist, into a folder."""
    shutil.unpack_archive(sdist, folder / "unpacked", filter="data")
    (source,) = (folder / "unpacked").iterdir()
    return _build("build_wheel", source, folder)


def _build(what: str, source: Path, folder: Path) -> Path:
    code = f"import sys; from setuptools.build_meta import {what}; print({what}(sys.argv[1]))"
    words = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(words, cwd=source, capture_output=True, text=True, timeout=120, check=True)
    return folder / done.stdout.splitlines()[-1]


def _prove(wheel: Path, folder: Path) -> None:
    """Install a wheel with its locked dependencies, and buy short reports where nothing else is.

    One by the demo, one by the commands of docs/quickstart.md.
    """
    here = folder / "elsewhere"
    here.mkdir()
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = str(folder / "venv/bin/python")
    # The versions of the lock without their hashes, which pip wants of our own file as well.
    pinned = re.findall(r"^([\w.-]+==[^\s;\\]+)", _LOCK.read_text(), re.MULTILINE)
    (folder / "pinned.txt").write_text("\n".join(pinned))
    wanted = f"pressroom[local] @ {wheel.as_uri()}"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    subprocess.run([*pip, "--constraint", str(folder / "pinned.txt"), wanted], check=True)
    # Its command is found by its path alone: a shell in a fresh folder has nothing of ours.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    subprocess.run([folder / "venv/bin/pressroom", "demo", "life_clarity"], cwd=here, env=env, check=True)
    assert [*(here / "demo-output").glob("*.pdf")], "The demo has left no PDF."
    by_hand = folder / "first-order"
    by_hand.mkdir()
    _, *headings = quickstart.blocks()
    path = f"{folder / 'venv/bin'}:{os.environ['PATH']}"
    sys.stdout.write(quickstart.run(headings, by_hand, {**env, "PATH": path}, free_ports(1)[0], within_s=300))
    assert (by_hand / "report.pdf").read_bytes().startswith(b"%PDF")


def main() -> None:
    """Build both into dist/, and prove them."""
    dist = ROOT / "dist"
    dist.mkdir(exist_ok=True)
    with TemporaryDirectory() as name:
        folder = Path(name)
        sdist = build_sdist(folder)
        wheel = build_wheel(sdist, folder)
        _prove(wheel, folder)
        for built in (sdist, wheel):
            sys.stdout.write(f"{shutil.copy(built, dist)}\n")


if __name__ == "__main__":
    main()
