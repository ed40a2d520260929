"""The package as it is installed, which is not the folder that developers run."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parent.parent.parent.parent
PACKAGES = ("handlers", "actors", "storage", "infra")
#: What is no part of the running product.
NOT_PACKED = ("infra/deploy/", "infra/local/setup.sh")


def test_an_installation_has_every_file_that_the_product_reads(tmp_path: Path) -> None:
    """Pages, styles, scripts, faces and prompts are in the wheel, each of them; nothing else is."""
    source = tmp_path / "source"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = "import sys; from setuptools.build_meta import build_wheel; print(build_wheel(sys.argv[1]))"
    words = [sys.executable, "-c", build, str(tmp_path)]
    done = subprocess.run(words, cwd=source, capture_output=True, text=True, timeout=120, check=True)
    with ZipFile(tmp_path / done.stdout.splitlines()[-1]) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    there = {path.relative_to(source).as_posix() for name in PACKAGES for path in (source / name).rglob("*.*")}
    assert packed == {name for name in there if not name.startswith(NOT_PACKED)}
