"""Joins parts into one PDF: pages, structure and names of places, appended part by part."""

from itertools import chain

from pikepdf import Array, Dictionary, Name, NameTree, NumberTree, Object, Page, Pdf, String

from infra.pdf.anchors import anchors_of
from infra.pdf.typecase import Typecase


class Joiner:
    """Joins parts, each of which may be closed as soon as it is in; `finish` when all are."""

    def __init__(self, pdf: Pdf, case: Typecase) -> None:
        """Join into `pdf`, in fonts from `case`."""
        self._pdf, self._case = pdf, case
        self._document = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Document, K=Array()))
        self._parents, self._headers = Array(), dict[str, Object]()
        self._places = dict[str, Object]()
        self._next_key = 0

    def append(self, part: Pdf) -> None:
        """Put a part behind those that are in."""
        fonts = part.pages[0].obj.Resources.Font
        brought = self._case.replace(fonts.keys())
        for name in brought:
            del fonts[name]
        first = len(self._pdf.pages)
        self._pdf.pages.extend(part.pages)
        pages = self._pdf.pages[first:]
        for name, font in brought.items():
            pages[0].obj.Resources.Font[name] = font
        self._copy_places(part, pages)
        self._copy_structure(part, pages)

    def finish(self) -> None:
        """Write the entries of the whole document."""
        root = self._pdf.make_indirect(
            Dictionary(
                Type=Name.StructTreeRoot,
                K=Array([self._document]),
                ParentTree=Dictionary(Nums=self._parents),
                ParentTreeNextKey=self._next_key,
                IDTree=_name_tree(self._headers),
            )
        )
        self._document.P = root
        self._pdf.Root.StructTreeRoot = root
        self._pdf.Root["/MarkInfo"] = Dictionary(Marked=True)
        self._pdf.Root.Names = Dictionary(Dests=_name_tree(self._places))

    def _copy_places(self, part: Pdf, pages: list[Page]) -> None:
        order = {page.obj.objgen: number for number, page in enumerate(part.pages)}
        for name, (page, *where) in anchors_of(part):
            self._places.setdefault(name, Array([pages[order[page.objgen]].obj, *where]))

    def _copy_structure(self, part: Pdf, pages: list[Page]) -> None:
        root = self._pdf.copy_foreign(part.Root.StructTreeRoot)
        element = root.K[0]
        element.P = self._document
        self._document.K.append(element)
        self._headers |= {str(name): header for name, header in NameTree(root.IDTree).items()}
        self._copy_parents(NumberTree(root.ParentTree), pages)

    def _copy_parents(self, parents: NumberTree, pages: list[Page]) -> None:
        """Copy the owners of content, under keys that no other part has."""
        first = self._next_key
        for key, owner in parents.items():
            self._parents.append(first + key)
            self._parents.append(owner)
            self._next_key = first + key + 1
        for page in pages:
            page.obj.StructParents = first + int(page.obj.StructParents)
            for link in page.obj.get("/Annots", ()):
                link.StructParent = first + int(link.StructParent)


def _name_tree(entries: dict[str, Object]) -> Dictionary:
    """Return a name tree of one node."""
    pairs = ((String(name), value) for name, value in sorted(entries.items()))
    return Dictionary(Names=Array(chain.from_iterable(pairs)))
