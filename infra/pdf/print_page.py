"""Process that sets one page of HTML as PDF: `python -m infra.pdf.print_page`, HTML in, PDF out."""

import os
import shutil
import struct
import sys
import tempfile
from pathlib import Path
from threading import Thread

from infra.children.child import prepare, within

#: The bounds of address space and of processor time: of a page of twenty sheets they are four times too wide.
_MEMORY, _LONGEST_S = 1 << 30, 30.0
_STYLESHEET = Path(__file__).parent / "templates" / "page.css"


def main() -> None:
    """Set the page that comes in, and end when the way in closes: its owner has gone, or waits no longer."""
    with tempfile.TemporaryDirectory(prefix="pressroom-page-") as folder:
        tempfile.tempdir = folder
        prepare(_MEMORY, lambda: None)
        (length,) = struct.unpack(">Q", sys.stdin.buffer.read(8))
        html = sys.stdin.buffer.read(length).decode()
        Thread(target=_end_with_owner, args=(folder,), daemon=True).start()
        pdf = within(_LONGEST_S, _set, (html,), {})
        sys.stdout.buffer.write(pdf)
        sys.stdout.buffer.flush()


def _end_with_owner(folder: str) -> None:
    os.read(sys.stdin.fileno(), 1)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _set(html: str) -> bytes:
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    from infra.pdf.fetching import FontFetcher, LogoFetcher

    fonts = FontConfiguration()
    sheet = CSS(string=_STYLESHEET.read_text(encoding="utf-8"), font_config=fonts, url_fetcher=FontFetcher())
    page = HTML(string=html, url_fetcher=LogoFetcher())
    return bytes(page.write_pdf(stylesheets=[sheet], font_config=fonts, pdf_tags=True))


if __name__ == "__main__":
    main()
