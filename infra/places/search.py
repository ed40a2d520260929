"""Searches places by what somebody wrote: a name, with a region or a country behind it or without."""

import mmap
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from infra.places.folding import folded

_FOLDER = Path(__file__).parent
#: The languages of the countries' names, in the order of the file.
_LANGUAGES = "en", "de"
#: The most places that one is asked to choose from.
_MOST = 12
#: The part of a text that is looked at: the longest name has 92 signs.
_MAX_TEXT = 200
#: The letters of the shortest text that may be the beginning of a name.
_SHORTEST = 3


class Place(NamedTuple):
    """Place as it is found, under the name by which it was asked for.

    `own` is its name with GeoNames. `countries` has its country's name by language. The position is in degrees to
    two decimals, `latitude` to the north and `longitude` to the east; `zone` is that of its clocks.
    """

    name: str
    own: str
    region: str
    countries: dict[str, str]
    latitude: str
    longitude: str
    zone: str

    def said(self, language: str = "", *, beside_others: bool = False) -> str:
        """Return its name with region and country, in a language if it is known in that, else in English.

        Beside others, which may have the same name, it is shown with its own as well.
        """
        own = f" ({self.own})" if beside_others and self.own != self.name else ""
        region = "" if self.region.startswith((self.own, self.name)) else self.region
        country = self.countries.get(language) or self.countries["en"]
        return ", ".join(filter(None, (f"{self.name}{own}", region, country if country != self.name else "")))


def find_places(text: str) -> list[Place]:
    """Return the places that a text names, the largest first, or the largest twelve of more.

    What stands behind the name, with a comma or without, is their region or country. Where no place has the name,
    those are meant whose names begin with it: Garmisch.
    """
    text = text[:_MAX_TEXT]
    words = folded(text).split()
    for count in range(len(words), 0, -1):
        name, within = " ".join(words[:count]), " ".join(words[count:])
        found = [row for row in map(_row, _with_name(name)) if not within or within in _surroundings(row[1])]
        if found:
            written = _written(name, text)
            return _unlike(_place(row, written) for row in found)
    begun = " ".join(words)
    return _unlike(_place(_row(at), "") for at in _begun_by(begun)) if len(begun) >= _SHORTEST else []


def _unlike(places: Iterator[Place]) -> list[Place]:
    """Return the first of each name, region and country, since nobody could choose among the others."""
    seen: dict[str, Place] = {}
    for place in places:
        seen.setdefault(place.said(beside_others=True), place)
    return list(seen.values())[:_MOST]


@cache
def _mapped(name: str) -> mmap.mmap:
    with (_FOLDER / name).open("rb") as opened:
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)


@cache
def _table(name: str) -> dict[str, list[str]]:
    lines = (_FOLDER / name).read_text("utf-8").splitlines()
    return {code: row for code, *row in (line.split("\t") for line in lines)}


def _row(at: int) -> list[str]:
    """Return the parts of the line of a file that begins at a byte."""
    places = _mapped("places.txt")
    return places[at : places.find(b"\n", at)].decode().split("\t")


def _place(row: list[str], written: str) -> Place:
    own, code, *where = row
    region = _table("regions.txt").get(code, [""])[0]
    countries = dict(zip(_LANGUAGES, _table("countries.txt")[code.partition(".")[0]], strict=False))
    return Place(own if folded(written) in {"", folded(own)} else written, own, region, countries, *where)


def _surroundings(code: str) -> set[str]:
    """Return how people write the region of a code such as US.TX, its country, and both."""
    country, _, short = code.partition(".")
    regions = {folded(one) for one in (short, *_table("regions.txt").get(code, ()))}
    countries = {folded(one) for one in (country, *_table("countries.txt")[country])}
    return regions | countries | {f"{one} {other}" for one in regions for other in countries}


def _written(name: str, text: str) -> str:
    """Return the beginning of a text that is a name, as it was written. Empty if nobody writes a name so."""
    ends = (end for end in range(1, len(text) + 1) if folded(text[:end]) == name)
    written = text[: next(ends, 0)].strip(" ,;")
    return "" if written in {written.lower(), written.upper()} else written


def _with_name(name: str) -> list[int]:
    found = next(_names_from(name), ("", []))
    return found[1] if found[0] == name else []


def _begun_by(beginning: str) -> list[int]:
    """Return where the places are whose names begin with these words and go on with another, the largest first."""
    found = set[int]()
    for name, places in _names_from(f"{beginning} "):
        if not name.startswith(f"{beginning} ") or len(found) > _MOST:
            break
        found.update(places)
    return sorted(found)


def _names_from(name: str) -> Iterator[tuple[str, list[int]]]:
    """Yield the names that do not come before one, in their order, each with its places."""
    names, wanted = _mapped("names.txt"), name.encode()

    def begin(at: int) -> int:
        """Return where the line begins that holds a byte."""
        return names.rfind(b"\n", 0, at) + 1

    def key(at: int) -> bytes:
        return names[begin(at) : names.find(b"\t", begin(at))]

    at = begin(bisect_left(range(len(names)), wanted, key=key))
    while at < len(names):
        end = names.find(b"\n", at)
        found, _, places = names[at:end].decode().partition("\t")
        yield found, [int(one) for one in places.split(",")]
        at = end + 1
