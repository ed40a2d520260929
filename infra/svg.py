"""SVG pictures: whether one can be drawn in a moment, on its own, and without running anything."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, fromstring

#: A logo has tens of shapes. So many take a part of a second to draw.
_MOST_DRAWN = 5000
#: They run, move, or show what is not in the picture; and markers are drawn once for each point of a path.
_REFUSED = {
    "script",
    "foreignObject",
    "image",
    "marker",
    "filter",
    "animate",
    "animateMotion",
    "animateTransform",
    "set",
}
_GRADIENTS = {"linearGradient", "radialGradient"}
_URL = re.compile(r"""url\(\s*["']?([^"')\s]*)""")


class SvgIsUnfit(Exception):
    """The picture cannot be used; the text completes a sentence that begins with its name."""


def check_svg(content: bytes) -> None:
    """Return if a picture is fit to be drawn on every page. SvgIsUnfit for one that is not."""
    try:
        text = content.decode("utf-8-sig")
        if "<!ENTITY" in text:
            raise SvgIsUnfit("declares entities")
        if "\0" in text:  # UTF-16, which the parser would take
            raise SvgIsUnfit("is no XML in UTF-8")
        drawn = _Picture(fromstring(text)).count()  # noqa: S314  # an operator's own file, without entities
    except (UnicodeDecodeError, ParseError):
        raise SvgIsUnfit("is no XML in UTF-8") from None
    except RecursionError:
        raise SvgIsUnfit("is nested too deeply") from None
    if drawn > _MOST_DRAWN:
        raise SvgIsUnfit(f"draws more than {_MOST_DRAWN} shapes, those that are used again included")


class _Picture:
    """Elements of a picture, by their ids, and how many shapes each of them draws."""

    def __init__(self, root: Element) -> None:
        self._root = root
        self._named = {one.get("id"): one for one in root.iter()}
        self._counts: dict[Element, int] = {}
        self._open: set[Element] = set()

    def count(self) -> int:
        return self._count(self._root)

    def _count(self, element: Element) -> int:
        """Return how many shapes an element draws, with its children and all that it refers to, at each use."""
        if element in self._open:
            raise SvgIsUnfit("refers to itself")
        if element not in self._counts:
            self._open.add(element)
            drawn = 1 + sum(map(self._count, element)) + sum(map(self._count, self._used_by(element)))
            self._counts[element] = drawn
            self._open.remove(element)
        return self._counts[element]

    def _used_by(self, element: Element) -> Iterator[Element]:
        """Yield what an element refers to, but for gradients, which draw nothing."""
        name = _local(element.tag)
        if name in _REFUSED:
            raise SvgIsUnfit(f"has an element <{name}>")
        for target in _references(element):
            used = self._named.get(target.removeprefix("#")) if target.startswith("#") else None
            if target and not target.startswith("#"):
                raise SvgIsUnfit("refers to something outside of itself")
            if used is None or _local(used.tag) in _GRADIENTS:
                continue
            if name == "style":
                raise SvgIsUnfit("has a style sheet that refers to more than gradients")
            yield used


def _references(element: Element) -> Iterator[str]:
    for key, value in element.attrib.items():
        if _local(key) == "href" and _local(element.tag) != "a":
            yield value.strip()
        yield from _URL.findall(value)
    if _local(element.tag) == "style":
        text = element.text or ""
        yield from _URL.findall(text)
        yield from ("@import" for _ in range(text.count("@import")))


def _local(name: str) -> str:
    return name.rpartition("}")[2]
