"""Chunks and the finished book: plain values that travel between processes."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Chunk:
    """A chapter as a PDF of `pages` pages, without page numbers.

    The file knows its chapter's number and title and where its sections begin, and the assembly
    of a book needs no more.
    """

    pdf: bytes
    pages: int


@dataclass(frozen=True)
class Book:
    """A finished book: `size` in bytes, `sha256` in hexadecimal digits."""

    path: Path
    pages: int
    size: int
    sha256: str
