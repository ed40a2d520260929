"""Settles the structure of a part: as WeasyPrint writes it, but lean, and without decoration and repetition.

WeasyPrint tags every line, every anonymous box and the running heads. Here lines are content of their paragraph,
which leaves two fifths of the elements. Running heads and ornaments are artifacts: screen readers pass over them.
Headings descend without a gap.
"""

from collections.abc import Iterator
from typing import Any

from pydyf import PDF, Array, Dictionary

#: Boxes without a meaning of their own.
_BOXES = {"/Span", "/NonStruct"}
#: Elements of elements: text that stands directly in one of them is a paragraph.
_GROUPS = {"/Part", "/Sect", "/Div", "/BlockQuote", "/L", "/Table", "/THead", "/TBody", "/TR", "/TOC"}
_CELLS = {"/TD", "/TH"}
_POINTS = 0.75  # of a CSS pixel
#: Contents are laid out as a table.
_CONTENTS = {"/Table": "/TOC", "/TBody": "/NonStruct", "/TR": "/TOCI", "/TD": "/NonStruct"}


def tag_chapter(pdf: PDF, name: str) -> None:
    """Settle a chapter's structure before it is written; `name` tells its table headers from other chapters'."""
    _Structure(pdf, name, {}).settle()


def tag_front(pdf: PDF) -> None:
    """Settle the structure of cover and contents before they are written."""
    _Structure(pdf, "front", _CONTENTS).settle()


class _Structure:
    """The structure tree of one PDF, whose elements refer to one another by object number."""

    def __init__(self, pdf: PDF, name: str, roles: dict[str, str]) -> None:
        self._pdf, self._name, self._roles = pdf, name, roles
        self._root = self._at(pdf.catalog["StructTreeRoot"])
        self._headings: list[int] = []
        self._headers: dict[str, Any] = {}
        self._owners: dict[tuple[bytes, int], bytes] = {}

    def settle(self) -> None:
        """Make the tree lean, and have its parent tree and the pages agree with it."""
        part = self._at(self._root["K"][0])
        part["S"] = "/Part"
        part.pop("NS", None)  # of PDF 2.0, which this is not
        part["K"] = Array(self._kids(part))
        self._own(part)
        parents = self._at(self._root["ParentTree"])["Nums"]
        pages = [each for each in self._pdf.objects if isinstance(each, dict) and each.get("Type") == "/Page"]
        for page, content in zip(pages, parents[1::2], strict=False):
            self._settle_page(page, content)
        named = (item for _, header in sorted(self._headers.items()) for item in (header["ID"], header.reference))
        self._root["IDTree"] = Dictionary({"Names": Array(named)})

    def _kids(self, owner: Any) -> Iterator[Any]:
        """Yield an element's content and the elements that are left below it, in order."""
        for kid in owner["K"]:
            element = None if isinstance(kid, int) else self._at(kid)
            if element is None or element["Type"] == "/OBJR":
                yield kid
            else:
                yield from self._in_place_of(element, owner)

    def _in_place_of(self, element: Any, owner: Any) -> list[Any]:
        """Return the element itself, its kids, or nothing."""
        element["S"] = role = self._role(element["S"])
        kids = list(self._kids(element))
        if (not kids and role not in _CELLS) or (role == "/Figure" and "Alt" not in element):
            return []
        if role in _BOXES:
            if owner["S"] not in _GROUPS or not any(isinstance(kid, int) for kid in kids):
                return kids
            element["S"] = "/P"
        if "ID" in element:  # the cells below a header refer to this same object
            element["ID"].string = f"{self._name}-{element['ID'].string}"
            self._headers[element["ID"].string] = element
        if role == "/Figure":
            self._place(element)
        element["K"] = Array(kids)
        return [element.reference]

    def _place(self, figure: Any) -> None:
        """Give a figure's place in points from the page's foot: WeasyPrint gives it in its own pixels."""
        left, top, right, bottom = (_POINTS * each for each in figure["A"]["BBox"])
        height = self._at(figure["Pg"])["MediaBox"][3]
        figure["A"]["BBox"] = Array([left, height - bottom, right, height - top])

    def _role(self, role: str) -> str:
        """Return an element's role in the book: headings count from their chapter's own."""
        if not (role[:2] == "/H" and role[2:].isdigit()):
            return self._roles.get(role, role)
        while self._headings and self._headings[-1] >= int(role[2:]):
            self._headings.pop()
        self._headings.append(int(role[2:]))
        return f"/H{len(self._headings)}"

    def _own(self, owner: Any) -> None:
        """Name the owner in all that stands below an element."""
        for kid in owner["K"]:
            if isinstance(kid, int):
                self._owners[owner["Pg"], kid] = owner.reference
            elif (element := self._at(kid))["Type"] == "/StructElem":
                element["P"] = owner.reference
                self._own(element)

    def _settle_page(self, page: Any, content: list[bytes]) -> None:
        """Name the owner of each piece of a page's content; a piece without one becomes an artifact."""
        content[:] = [self._owners.get((page.reference, piece), b"null") for piece in range(len(content))]
        drawn = self._at(page["Contents"]).stream
        for at, item in enumerate(drawn):
            if isinstance(item, dict) and "MCID" in item and content[item["MCID"]] == b"null":
                drawn[at - 1 : at + 2] = "/Artifact", b"", b"BMC"

    def _at(self, reference: bytes) -> Any:
        """Return the object that is referred to."""
        return self._pdf.objects[int(reference.split()[0])]
