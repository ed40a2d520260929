"""Prints a page: a process of its own sets HTML as PDF, bounded in memory and time.

It ends with the page. A pool's server of children would keep the libraries, 100 MB, in web from the first page on.
"""

import asyncio
import os
import struct
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import cast

from infra.errors import PressroomError

#: By its name: neither this process nor whatever imports this module needs the libraries.
_COMMAND = (sys.executable, "-P", "-m", "infra.pdf.print_page")
#: What a process needs to find its libraries and fonts. It gets no secret.
_HANDED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "FONTCONFIG_PATH", "FONTCONFIG_FILE", "DYLD_FALLBACK_LIBRARY_PATH")
#: The time by the clock, and the longest page: that of 217 sections' worth of events has a tenth of it.
_LONGEST_S, _MOST_BYTES = 60.0, 2 << 20
#: How long a process that is told to end may take.
_END_S = 2.0


class PageIsNotPrinted(PressroomError):
    """The page is too long, took too much time or memory, or no type can be set here."""


async def print_page(html: str) -> bytes:
    """Return a page of HTML as a tagged PDF, on A4. Nothing is fetched for it. PageIsNotPrinted if that fails."""
    text = html.encode()
    if len(text) > _MOST_BYTES:
        raise PageIsNotPrinted("The page is too long to be printed.")
    env = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    process = await asyncio.create_subprocess_exec(*_COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=env)
    try:
        async with asyncio.timeout(_LONGEST_S):
            pdf = await _exchange(process, text)
            status = await process.wait()
    except TimeoutError:
        raise PageIsNotPrinted(f"The page was not set within {_LONGEST_S:.0f} s.") from None
    finally:
        await _end(process)
    if status != 0 or not pdf:
        raise PageIsNotPrinted("The page could not be set here: `pressroom doctor` says what is missing.")
    return pdf


async def _exchange(process: Process, text: bytes) -> bytes:
    """Hand the page over and return the PDF. The way in stays open: the process ends when it closes."""
    way_in, way_out = cast("asyncio.StreamWriter", process.stdin), cast("asyncio.StreamReader", process.stdout)
    way_in.write(struct.pack(">Q", len(text)) + text)
    return await way_out.read()


async def _end(process: Process) -> None:
    cast("asyncio.StreamWriter", process.stdin).close()
    try:
        async with asyncio.timeout(_END_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
