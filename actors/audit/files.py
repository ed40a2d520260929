"""Looks for the PDFs of orders in S3."""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from actors.audit.evidence import Condition
from infra.errors import TransientError
from storage.objects import ObjectDoesNotExist, ObjectStore
from storage.records.work import Pdf

#: An audit must not fill the disk of its machine, nor take the store from the workers.
_AT_ONCE = 4


class Files:
    """PDFs in S3. With `opened`, each is fetched and its hash compared; without, S3 is asked if it is there."""

    def __init__(self, objects: ObjectStore, *, opened: bool) -> None:
        """Ask nothing yet."""
        self._objects, self._opened = objects, opened
        self._turns = asyncio.Semaphore(_AT_ONCE)
        #: Why S3 could not be asked. It is not asked again then.
        self.trouble: str | None = None

    async def conditions(self, pdfs: Sequence[Pdf]) -> dict[str, Condition]:
        """Return in which condition each PDF is, by its name in the contract, as far as S3 says it."""
        found = await asyncio.gather(*map(self._look, pdfs))
        return {pdf["key"]: one for pdf, one in zip(pdfs, found, strict=True) if one is not None}

    async def _look(self, pdf: Pdf) -> Condition | None:
        async with self._turns:
            if self.trouble is not None:
                return None
            try:
                return await (self._open(pdf) if self._opened else self._find(pdf))
            except TransientError as error:
                self.trouble = str(error)
                return None

    async def _find(self, pdf: Pdf) -> Condition:
        return "whole" if await self._objects.exists(pdf["object"]) else "lost"

    async def _open(self, pdf: Pdf) -> Condition:
        with TemporaryDirectory() as folder:
            copy = Path(folder) / "book.pdf"
            try:
                await self._objects.fetch_file(pdf["object"], copy)
            except ObjectDoesNotExist:
                return "lost"
            return "whole" if await asyncio.to_thread(_sha256, copy) == pdf["sha256"] else "altered"


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
