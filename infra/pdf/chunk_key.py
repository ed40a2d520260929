"""Names of chunks in the store: equal for equal input, in every process."""

import json
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from infra.book import ChapterSource, Style

_INFRA = Path(__file__).parent.parent
_HOUSE = ("book", "pdf")
# Libraries that decide how a page looks: another version of one may break lines elsewhere.
_LIBRARIES = ("weasyprint", "pydyf", "pyphen", "tinycss2", "tinyhtml5", "markdown-it-py", "nh3", "jinja2")


def chunk_key(chapter: ChapterSource, style: Style) -> str:
    """Return the SHA-256, in hexadecimal digits, of all that decides the chunk's bytes.

    That is the chapter and its style, the files of this package and of `infra.book` (stylesheet, templates, fonts,
    code) and the versions of the libraries. No typesetting library is loaded for it.
    """
    content = json.dumps([asdict(chapter), asdict(style)], sort_keys=True)
    return sha256(f"{_house()}\n{content}".encode()).hexdigest()


@cache
def _house() -> str:
    """Return the digest of the packages and their libraries, read once in a process."""
    digest = sha256()
    for path in sorted(path for package in _HOUSE for path in (_INFRA / package).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(_INFRA).as_posix().encode() + b"\0")
            digest.update(sha256(path.read_bytes()).digest())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}\n".encode())
    return digest.hexdigest()
