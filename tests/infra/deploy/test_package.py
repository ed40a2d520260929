"""The package as it is released and installed, which is not the folder that developers run."""

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import requires
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.dist import PACKAGES, ROOT, build_sdist, build_wheel
from tests.infra.deploy.files import images

#: What is no part of the running product.
NOT_PACKED = ("infra/deploy/", "infra/local/setup.sh")


@pytest.mark.long
def test_an_installation_has_every_file_that_the_product_reads(tmp_path: Path) -> None:
    """Of an sdist a wheel is built that has each page, style, script, face and prompt; nothing else is in it."""
    sdist = build_sdist(tmp_path)
    with ZipFile(build_wheel(sdist, tmp_path)) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    source = tmp_path / "source"
    there = {path.relative_to(source).as_posix() for name in PACKAGES for path in (source / name).rglob("*.*")}
    assert packed == {name for name in there if not name.startswith(NOT_PACKED)}


def pins(lock: str) -> dict[str, set[str]]:
    """Return the versions of each package that a lock names: one, or one for each kind of machine."""
    named: dict[str, set[str]] = {}
    for line in (ROOT / "infra/deploy/locks" / lock).read_text().splitlines():
        if found := re.match(r"([\w.-]+)==([^\s;]+)", line):
            named.setdefault(found[1], set()).add(found[2])
    return named


def needed(wanted: Iterable[str]) -> set[str]:
    """Return the packages that requirements lead to on this machine, by whatever way."""
    found: set[tuple[str, frozenset[str]]] = set()
    ahead = [(Requirement(one), frozenset[str]()) for one in wanted]
    while ahead:
        one, extras = ahead.pop()
        package = canonicalize_name(one.name), frozenset(one.extras)
        asked = one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras))
        if asked and package not in found:
            found.add(package)
            ahead += [(Requirement(more), package[1]) for more in requires(one.name) or ()]
    return {name for name, _ in found}


def project() -> dict[str, Any]:
    """Return what pyproject.toml says of the package."""
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"])


@pytest.mark.parametrize(("lock", "extras"), [("run.txt", ()), ("traces.txt", ("traces",))])
def test_a_lock_has_all_that_the_product_needs(lock: str, extras: tuple[str, ...]) -> None:
    """Installed without asking for more, as in the image, nothing that is imported is missing."""
    said = project()
    optional = [one for extra in extras for one in said["optional-dependencies"][extra]]
    assert needed([*said["dependencies"], *optional]) - pins(lock).keys() == set()


@pytest.mark.parametrize("lock", ["run.txt", "traces.txt", "serverless.txt", "build.txt"])
def test_what_is_installed_is_what_was_tested(lock: str) -> None:
    """Each lock names the versions of the developers' own."""
    tested = pins("dev.txt")
    assert {name: there for name, there in pins(lock).items() if not there <= tested.get(name, set())} == {}


def test_one_version_is_named_everywhere() -> None:
    """The package's version has its changes written down, and is that of the images that the files start."""
    version = project()["version"]
    assert re.search(rf"^## {re.escape(version)}$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    ours = {image for image in images() if image.split("/")[-1].startswith("pressroom:")}
    assert {image.rpartition(":")[2] for image in ours} == {version}
