"""The package as it is released and installed, which is not the folder that developers run."""

import re
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

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


def test_one_version_is_named_everywhere() -> None:
    """The package's version has its changes written down, and is that of the images that the files start."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.search(rf"^## {re.escape(version)}$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    ours = {image for image in images() if image.split("/")[-1].startswith("pressroom:")}
    assert {image.rpartition(":")[2] for image in ours} == {version}
