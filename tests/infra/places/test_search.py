"""Places are found by what people write, in a file that is mapped and not read."""

import time

import pytest

from infra.places.search import find_places


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Stockholm", "Stockholm, Sweden"),
        ("  zÜRICH ", "Zürich, Switzerland"),
        ("Wien", "Wien, Austria"),
        ("MÜNCHEN", "Munich, Bayern, Germany"),
        ("Москва", "Москва, Moskva, Russia"),
        ("'s hertogenbosch", "'s-Hertogenbosch, Noord-Brabant, Netherlands"),
        ("Paris, TX", "Paris, Texas, United States"),
        ("paris texas usa", "Paris, Texas, United States"),
        ("Berlin, Deutschland", "Berlin, Germany"),
        ("Stockholm, Stockholms län, Sweden", "Stockholm, Sweden"),
        ("Garmisch", "Garmisch-Partenkirchen, Bayern, Germany"),
        ("Singapore", "Singapore"),
    ],
)
def test_a_place_is_found_however_it_is_written(written: str, said: str) -> None:
    """By any of its names, without its marks, with region or country behind it, and by its beginning."""
    assert [place.said() for place in find_places(written)] == [said]


def test_places_of_one_name_are_told_apart() -> None:
    """The largest comes first, each by its own name, its region and its country, in a language that is known."""
    found = [place.said("de", beside_others=True) for place in find_places("Frankfurt")]
    assert found[:2] == [
        "Frankfurt (Frankfurt am Main), Hessen, Deutschland",
        "Frankfurt (Frankfurt (Oder)), Brandenburg, Deutschland",
    ]
    assert len(set(found)) == len(found) > 2
    assert len(find_places("San José")) == 12


def test_a_search_is_quick_whatever_was_written() -> None:
    """A web process searches on its loop, where nobody else is answered meanwhile."""
    began = time.process_time()
    for _ in range(20):
        assert find_places("," * 189 + "Santa Rosa")
    assert time.process_time() - began < 20 * 0.02


@pytest.mark.parametrize(
    "written", ["", " ,;", "Hogwarts", "a", "zz", "9" * 5000, "\n\t", "Paris, Atlantis\x00", "%s"]
)
def test_what_is_no_place_is_not_found(written: str) -> None:
    """Nothing is taken for a place that is none, however long or strange it is."""
    assert not find_places(written)
