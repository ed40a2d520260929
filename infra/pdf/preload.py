"""Warms the server process when imported, before it forks: each child would otherwise load and learn it again."""

import gc
import logging
from contextlib import suppress

from infra.pdf.errors import RendererCannotStart
from infra.pdf.libraries import require_libraries

_PAGE = '<html lang="en"><p style="hyphens: auto">Extraordinarily <b>warm</b> <i>type</i>.</p></html>'


def set_small_page() -> None:
    """Load the typesetter and set a page with it. RendererCannotStart if a library is missing.

    The font configuration is dropped with the page: newer Pango keeps a thread for each, which does not survive
    a fork, so every child makes its own.
    """
    require_libraries()
    from weasyprint import HTML
    from weasyprint.text.fonts import FontConfiguration

    from infra.pdf import binding  # noqa: F401

    HTML(string=_PAGE).write_pdf(font_config=FontConfiguration())


# WeasyPrint would warn of foibles of the house stylesheet, which the text's author cannot read.
logging.getLogger("weasyprint").setLevel(logging.ERROR)
with suppress(RendererCannotStart):  # a child names the missing library; the server must live to fork it
    set_small_page()
# The server owns the folder that this makes: last, since a server whose owner dies while it loads ends at once.
from infra.pdf import font_dir  # noqa: E402, F401

gc.collect()
gc.freeze()  # so that the children's collections do not touch, and copy, the pages they share
