"""Parts become one PDF: pages, structure and names of places, appended part by part."""

from pikepdf import Array, Dictionary, Name, Object, Page, Pdf, String

from infra.pdf.anchors import anchors_of
from infra.pdf.typecase import Typecase


class Joint:
    """Joins parts, each of which may be closed as soon as it is in; `finish` when all are."""

    def __init__(self, pdf: Pdf, case: Typecase) -> None:
        """Join into `pdf`, in faces from `case`."""
        self._pdf, self._case = pdf, case
        self._document = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Document))
        self._elements = list[Object]()
        self._parents, self._headers = Array(), dict[str, Object]()
        self._places = dict[str, Object]()
        self._next_key = 0

    def append(self, part: Pdf) -> None:
        """Put a part behind those that are in."""
        self._join(part, len(self._pdf.pages), len(self._elements))

    def prepend(self, part: Pdf) -> None:
        """Put a part before those that are in."""
        self._join(part, 0, 0)

    def finish(self) -> None:
        """Write down what belongs to the whole."""
        root = self._pdf.make_indirect(
            Dictionary(
                Type=Name.StructTreeRoot,
                K=Array([self._document]),
                ParentTree=Dictionary(Nums=self._parents),
                ParentTreeNextKey=self._next_key,
                IDTree=_name_tree(self._headers),
            )
        )
        self._document.P, self._document.K = root, Array(self._elements)
        self._pdf.Root.StructTreeRoot = root
        self._pdf.Root["/MarkInfo"] = Dictionary(Marked=True)
        self._pdf.Root.Names = Dictionary(Dests=_name_tree(self._places))

    def _join(self, part: Pdf, at_page: int, at_element: int) -> None:
        lent = self._case.lend(part.pages[0].obj.Resources.Font)
        pages = self._copy_pages(part, at_page)
        fonts = pages[0].obj.Resources.Font
        for name, face in lent.items():
            fonts[name] = face
        self._copy_places(part, pages)
        root = self._pdf.copy_foreign(part.Root.StructTreeRoot)
        element = root.K[0]
        element.P = self._document
        self._elements.insert(at_element, element)
        self._copy_parents(list(root.ParentTree.Nums), pages)
        headers = list(root.IDTree.Names)
        self._headers |= {str(name): header for name, header in zip(headers[::2], headers[1::2], strict=True)}

    def _copy_pages(self, part: Pdf, at: int) -> list[Page]:
        for number, page in enumerate(part.pages, start=at):
            self._pdf.pages.insert(number, page)
        return [self._pdf.pages[at + number] for number in range(len(part.pages))]

    def _copy_places(self, part: Pdf, pages: list[Page]) -> None:
        order = {page.obj.objgen: number for number, page in enumerate(part.pages)}
        for name, (page, *where) in anchors_of(part):
            self._places.setdefault(name, Array([pages[order[page.objgen]].obj, *where]))

    def _copy_parents(self, parents: list[Object], pages: list[Page]) -> None:
        """Who owns what, under keys that no other part has."""
        first, keys = self._next_key, [int(key) for key in parents[::2]]
        for key, owner in zip(keys, parents[1::2], strict=True):
            self._parents.append(first + key)
            self._parents.append(owner)
        self._next_key = first + max(keys) + 1
        for page in pages:
            page.obj.StructParents = first + int(page.obj.StructParents)
            for link in page.obj.get("/Annots", ()):
                link.StructParent = first + int(link.StructParent)


def _name_tree(entries: dict[str, Object]) -> Dictionary:
    """A name tree of one node."""
    names = Array()
    for name, value in sorted(entries.items()):
        names.append(String(name))
        names.append(value)
    return Dictionary(Names=names)
