"""Named destinations, and the links that lead to them from any part of a book.

A part knows the places in its own pages only. So a link to another part is written as an address of the scheme
`book:`, and the typesetter leaves it alone. Binding turns it into a link within the book.
"""

from collections.abc import Iterable, Iterator, Mapping

from pikepdf import Dictionary, NameTree, Object, Page, Pdf, String

_SCHEME = "book:"
#: Where a link leads whose target is in no part of the book.
CONTENTS = "contents"


def anchors_of(part: Pdf) -> Iterator[tuple[str, Object]]:
    """Yield the name and destination of every named place in a part."""
    return ((str(name), where) for name, where in NameTree(part.Root.Names.Dests).items())


def link_pages(pages: Iterable[Page], titles: Mapping[str, str]) -> None:
    """Lead each link into the book to its place, and describe it by the title that stands there."""
    for page in pages:
        for link in page.obj.get("/Annots", ()):
            address = str(link.get("/A", Dictionary()).get("/URI", ""))
            if address.startswith(_SCHEME):
                anchor = address.removeprefix(_SCHEME)
                anchor = anchor if anchor in titles else CONTENTS
                del link["/A"]
                link.Dest, link.Contents, link.F = String(anchor), String(titles[anchor]), 4  # printed as well
