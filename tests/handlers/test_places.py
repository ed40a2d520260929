"""Place and time of birth are asked until they are clear, and never guessed."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import infra.places
from actors.products.questions import BIRTH_PLACE
from handlers.web.doubts import settle
from infra.places.clocks import keep
from infra.places.search import find_places
from tests import plain_http
from tests.pressroom import Pressroom

FORM = {
    "product": "personal_horoscope",
    "name": "Ada",
    "birth_date": "1996-10-27",
    "birth_place": "Berlin, Germany",
}
BERLIN = "Berlin, Germany (52.52, 13.41, Europe/Berlin)"
REVIEWED = {"reviewed": "yes"}


def review(door: Pressroom, **given: str) -> str:
    """The review of answers, as a browser shows it."""
    return unescape(plain_http.post(f"{door.door}/review", data=FORM | given).text)


def choices(page: str, field: str) -> dict[str, str]:
    """What may be chosen for a field, by value; those that are chosen beforehand end with a star."""
    found = re.findall(rf'name="{field}" value="([^"]*)"( checked)? required> <span>(.*?)</span>', page)
    return {value: words + "*" * bool(checked) for value, checked, words in found}


def pay(door: Pressroom, **given: str) -> Any:
    """The answers that are kept of a form that was reviewed, or the page that asks again."""
    answer = plain_http.post(f"{door.door}/checkout", data=FORM | REVIEWED | given)
    if answer.status_code != 303:
        assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)
        return unescape(answer.text)
    (latest,) = door.db.answers.find().sort("at", -1).limit(1)
    return latest["answers"]


def test_a_place_is_shown_with_its_country_and_its_clocks_of_then(front_door: Pressroom) -> None:
    """One that is found alone is chosen beforehand, and kept with where it is."""
    page = review(front_door, birth_date="1943-07-01", birth_place="Stockholm")
    assert choices(page, "which_birth_place") == {
        "Stockholm, Sweden": "Stockholm, Sweden, then 1\N{NO-BREAK SPACE}hour ahead of Greenwich*",
        "as_written": "Another place: use “Stockholm” as it is",
    }
    assert "GeoNames" in page
    kept = pay(front_door, birth_date="1943-07-01", birth_place="Stockholm", which_birth_place="Stockholm, Sweden")
    assert kept["birth_place"] == "Stockholm, Sweden (59.33, 18.07, Europe/Stockholm)"


def test_places_of_one_name_are_a_choice(front_door: Pressroom) -> None:
    """None is taken until one is chosen, and nobody comes to the till before."""
    options = choices(review(front_door, birth_place="London"), "which_birth_place")
    assert len(options) > 3
    assert not any(words.endswith("*") for words in options.values())
    asked = pay(front_door, birth_place="London")
    assert choices(asked, "which_birth_place") == options
    chosen = next(value for value, words in options.items() if words.startswith("London, Ontario"))
    kept = pay(front_door, birth_place="London", which_birth_place=chosen)
    assert kept["birth_place"] == "London, Ontario, Canada (42.98, -81.23, America/Toronto)"
    assert choices(pay(front_door, birth_place="London", which_birth_place="1.00,1.00"), "which_birth_place")


def names_at_one_position() -> Iterator[str]:
    """The names that two places have of which no position tells one from the other."""
    folder = Path(infra.places.__file__).parent
    places = (folder / "places.txt").read_bytes()
    for line in (folder / "names.txt").read_text("utf-8").splitlines():
        name, _, listed = line.partition("\t")
        if "," in listed:
            rows = [places[int(at) : places.index(b"\n", int(at))].split(b"\t") for at in listed.split(",")]
            if len({(row[2], row[3]) for row in rows}) < len(rows):
                yield name


def test_each_place_of_every_name_is_offered_and_kept_as_itself() -> None:
    """Neighbours that share their position are told apart, as are those whose clocks alone differ."""
    asked = {BIRTH_PLACE.id: BIRTH_PLACE}
    for name in names_at_one_position():
        for written in (name, name.title()):
            (doubt,) = settle(asked, {BIRTH_PLACE.id: written}, (), {}, "en").doubts
            *offered, _ = doubt.options
            kept = [settle(asked, {BIRTH_PLACE.id: written}, (), {doubt.field: one}, "en") for one in offered]
            assert [one.answers[BIRTH_PLACE.id] for one in kept] == [*map(keep, find_places(written))]
            assert len({*doubt.options.values()}) == len(doubt.options)


def test_all_places_of_a_name_are_offered_where_two_share_their_position(front_door: Pressroom) -> None:
    """Two towns of Texas are both called Roma, and the till takes the Rome that is chosen."""
    options = choices(review(front_door, birth_place="Roma"), "which_birth_place")
    assert len(options) == len(find_places("Roma")) + 1
    rome = next(value for value, words in options.items() if "Italy" in words)
    kept = pay(front_door, birth_place="Roma", which_birth_place=rome)
    assert kept["birth_place"] == "Roma, Lazio, Italy (41.89, 12.51, Europe/Rome)"


def test_a_place_that_is_not_found_is_taken_as_it_is_once_that_was_chosen(front_door: Pressroom) -> None:
    """Its writer is told; what is typed stays data."""
    written = '<b title="x">Hogwarts</b>'
    page = review(front_door, birth_place="Hogwarts")
    assert "We could not find this place" in page
    assert choices(page, "which_birth_place") == {"as_written": "Use “Hogwarts” as it is"}
    raw = plain_http.post(f"{front_door.door}/review", data=FORM | {"birth_place": written}).text
    assert "<b title" not in raw
    assert "We could not find this place" in pay(front_door, birth_place="Hogwarts")
    kept = pay(front_door, birth_place="Hogwarts", which_birth_place="as_written")
    assert kept["birth_place"] == "Hogwarts"


@pytest.mark.parametrize(
    ("date", "said", "options"),
    [
        ("1996-10-27", "put back then, and showed 02:30 twice", ["02:30+02:00", "02:30+01:00", "not_known"]),
        ("1996-03-31", "put forward then, and never showed 02:30", ["02:30+01:00", "not_known"]),
    ],
)
def test_a_time_that_clocks_showed_twice_or_never_is_asked_for(
    front_door: Pressroom, date: str, said: str, options: list[str]
) -> None:
    """What is chosen is kept with the time; who does not know leaves it out."""
    given = {"birth_date": date, "birth_time": "02:30"}
    page = review(front_door, **given)
    assert said in page
    assert [*choices(page, "which_birth_time")] == options
    place = {"which_birth_place": "Berlin, Germany"}
    assert said in pay(front_door, **given, **place)
    for choice in options:
        kept = pay(front_door, **given, **place, which_birth_time=choice)
        assert kept.get("birth_time", "not_known") == choice
        assert kept["birth_place"] == BERLIN


def test_who_comes_without_the_review_is_taken_at_their_word(front_door: Pressroom) -> None:
    """A script that posts the form, and a session of Stripe's, may bring any text, which stays as it is."""
    answer = plain_http.post(f"{front_door.door}/checkout", data=FORM | {"birth_place": "London"})
    assert answer.status_code == 303
    (latest,) = front_door.db.answers.find().sort("at", -1).limit(1)
    assert latest["answers"]["birth_place"] == "London"
    order = front_door.buy(metadata=FORM | {"birth_place": "London"})
    found = front_door.db.orders.find_one({"_id": order})
    assert found is not None
    assert found["answers"]["birth_place"] == "London"


def test_a_doubtful_time_of_a_session_counts_as_not_told(front_door: Pressroom) -> None:
    """Nobody can be asked: operators see what was written, and the report is made as for an unknown time."""
    order = front_door.buy(metadata=FORM | {"birth_place": BERLIN, "birth_time": "02:30"})
    found = front_door.db.orders.find_one({"_id": order})
    assert found is not None
    assert "birth_time" not in found["answers"]
    assert found["unread"] == {"birth_time": "02:30"}
    assert found["missing"] == []


def test_a_place_that_an_order_lacks_is_a_choice_as_well(front_door: Pressroom) -> None:
    """The form for missing answers asks which one is meant, and begins once it is told."""
    order = front_door.buy(metadata={name: text for name, text in FORM.items() if name != "birth_place"})
    form = f"{front_door.order(order)['url']}/details"
    asked = plain_http.post(form, data=REVIEWED | {"birth_place": "Berlin, Germany"})
    assert (asked.status_code, [*choices(unescape(asked.text), "which_birth_place")]) == (
        422,
        ["Berlin, Germany", "as_written"],
    )
    assert front_door.db.reports.count_documents({"order": order}) == 0
    taken = {"birth_place": "Berlin, Germany", "which_birth_place": "Berlin, Germany"}
    assert plain_http.post(form, data=REVIEWED | taken).status_code == 200
    found = front_door.db.orders.find_one({"_id": order})
    assert found is not None
    assert (found["answers"]["birth_place"], found["missing"]) == (BERLIN, [])


def test_the_form_for_missing_answers_asks_again_for_a_choice_that_it_does_not_offer(
    front_door: Pressroom,
) -> None:
    """A form that was opened before a deploy may post one: nothing of it is taken, and nothing fails."""
    order = front_door.buy(metadata={name: text for name, text in FORM.items() if name != "birth_place"})
    form, given = f"{front_door.order(order)['url']}/details", REVIEWED | {"birth_place": "Bristol"}
    for which in ({}, {"which_birth_place": "51.46,-2.60"}):
        asked = plain_http.post(form, data=given | which)
        assert (asked.status_code, len(choices(unescape(asked.text), "which_birth_place")) > 1) == (422, True)
    found = front_door.db.orders.find_one({"_id": order})
    assert found is not None
    assert (found["answers"].get("birth_place"), found["missing"]) == (None, ["birth_place"])


@pytest.mark.parametrize(
    ("date", "options"),
    [("1996-10-27", ["02:30+02:00", "02:30+01:00"]), ("1996-03-31", ["02:30+01:00"])],
)
def test_a_time_in_doubt_that_an_order_cannot_do_without_is_asked_until_it_is_told(
    front_door: Pressroom, date: str, options: list[str]
) -> None:
    """To leave it out is no choice there; what else the form brings is kept meanwhile."""
    given = {"birth_place": "Berlin, Germany", "which_birth_place": "Berlin, Germany", "birth_time": "02:30"}
    order = front_door.buy(metadata={"product": "personal_horoscope", "name": "Ada", "birth_date": date})
    front_door.db.orders.update_one({"_id": order}, {"$push": {"missing": "birth_time"}})
    form = f"{front_door.order(order)['url']}/details"
    for which in ({}, {"which_birth_time": ""}, {"which_birth_time": "not_known"}):
        asked = plain_http.post(form, data=REVIEWED | given | which)
        assert (asked.status_code, [*choices(unescape(asked.text), "which_birth_time")]) == (422, options)
        found = front_door.db.orders.find_one({"_id": order})
        assert found is not None
        assert (found["answers"]["birth_place"], found["missing"]) == (BERLIN, ["birth_time"])
    taken = plain_http.post(form, data=REVIEWED | given | {"which_birth_time": options[-1]})
    assert taken.status_code == 200
    found = front_door.db.orders.find_one({"_id": order})
    assert found is not None
    assert (found["answers"]["birth_time"], found["missing"]) == (options[-1], [])
