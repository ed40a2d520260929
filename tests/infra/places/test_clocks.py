"""What the clocks of places showed, by the system's time zones."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from infra.places.clocks import keep, offsets, read_position, said_place
from infra.places.search import find_places

STOCKHOLM = "Stockholm, Sweden (59.33, 18.07, Europe/Stockholm)"


def ahead(place: str, local: str) -> list[str]:
    """How far ahead of UTC a place's clocks may have been at that time."""
    (found, *_) = find_places(place)
    position = read_position(keep(found))
    assert position is not None
    return [str(offset) for offset in offsets(position, datetime.fromisoformat(local))]


@pytest.mark.parametrize(
    ("place", "local", "offset"),
    [
        ("Stockholm", "1943-07-01T12:00", "1:00:00"),
        ("Amsterdam", "1935-01-15T12:00", "0:19:32"),
        ("Oslo", "1943-07-01T12:00", "2:00:00"),
        ("Berlin", "1947-06-01T12:00", "3:00:00"),
        ("Mecca", "1930-01-01T12:00", "2:39:19"),  # 39.83 degrees, and not Riyadh's 46.72
        ("Göteborg", "1875-01-01T12:00", "0:47:53"),
    ],
)
def test_the_clocks_of_the_past_are_known(place: str, local: str, offset: str) -> None:
    """Merged zones would have Stockholm follow Berlin; before a zone began, the sun told each place its time."""
    assert ahead(place, local) == [offset]


@pytest.mark.parametrize(
    ("local", "possible"),
    [
        ("1996-10-27T02:30", ["2:00:00", "1:00:00"]),
        ("1996-03-31T02:30", ["1:00:00", "2:00:00"]),
        ("1996-10-27T03:00", ["1:00:00"]),
        ("0001-01-01T00:00", ["0:53:38"]),
        ("9999-12-31T23:59", ["1:00:00"]),
    ],
)
def test_a_time_that_clocks_showed_twice_or_never_has_two_meanings(local: str, possible: list[str]) -> None:
    """All other times have one, at the ends of the calendar as well."""
    assert ahead("Berlin, Germany", local) == possible


@pytest.mark.parametrize(
    "text",
    [
        "London",
        "London (the old one)",
        "London (51.51, -0.13, Europe)",
        "(51.51, -0.13, Europe/London)",
        "(" * 2000,
    ],
)
def test_what_somebody_wrote_is_no_kept_place(text: str) -> None:
    """It is said word for word, and has no position."""
    assert (read_position(text), said_place(text)) == (None, text)


@pytest.mark.parametrize("zone", ["Nowhere/Land", "America/Argentina", "Etc/../../passwd", "Europe/" + "x" * 400])
def test_a_zone_that_the_system_does_not_know_has_no_clocks(zone: str) -> None:
    """A kept place is read on any machine, and a forged one finds no other file."""
    position = read_position(f"London (51.51, -0.13, {zone})")
    assert position is None or offsets(position, datetime.fromisoformat("1990-01-01T12:00")) == []
    assert said_place(STOCKHOLM) == "Stockholm, Sweden"


def test_zones_without_history_are_noticed(tmp_path: Path) -> None:
    """Where Stockholm has Berlin's clocks, as in merged data, the machine is known to lack what births need."""
    folder = tmp_path / "Europe"
    folder.mkdir()
    folder.joinpath("Stockholm").write_bytes(Path("/usr/share/zoneinfo/Europe/Berlin").read_bytes())
    asked = "from infra.places.clocks import zones_have_history; print(zones_have_history())"
    for zones, answer in ((str(tmp_path), "False"), ("/usr/share/zoneinfo", "True")):
        environment = {**os.environ, "PYTHONTZPATH": zones}
        command = [sys.executable, "-c", asked]
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert said.stdout.strip() == answer
