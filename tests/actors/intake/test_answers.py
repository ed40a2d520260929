"""What people write, by whatever keyboard: it reaches the report as they meant it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from actors.deps.process import Deps
from actors.intake.answers import plain_answers
from actors.products.answer_types import last_day
from actors.products.catalogue import questions_of
from handlers.views.orders import order_view
from storage.forms import keep_form
from tests.actors.builders import place

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIFE = questions_of(None)

TEXTS = {
    "a Japanese keyboard's space": ("山田\u3000太郎", "山田 太郎"),
    "a no-break space": ("Jean\u00a0Paul", "Jean Paul"),
    "a narrow no-break space": ("Partir\u202f?", "Partir ?"),
    "spaces of a typesetter": ("a\u2002b\u2009c\u205fd", "a b c d"),
    "a line separator": ("One.\u2028Two.\u2029Three.", "One.\nTwo.\nThree."),
    "line ends of other systems": ("One.\r\nTwo.\rThree.\x85Four.", "One.\nTwo.\nThree.\nFour."),
    "a Persian name": ("علی\u200cرضا", "علی\u200cرضا"),
    "a Hindi word": ("क्\u200dष", "क्\u200dष"),
    "a family of emoji": ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
    "marks of direction": ("\u200fעדה\u200e (Ada) \u061c", "\u200fעדה\u200e (Ada) \u061c"),
    "words of Khmer": ("សួស្តី\u200bពិភពលោក", "សួស្តី\u200bពិភពលោក"),
    "an emoji of a later Unicode": ("Yes \U0001fae9", "Yes \U0001fae9"),
    "tabs": ("a\tb", "a\tb"),
    "controls": ("A\x00d\x1ba\x7f\x9b\u202e\ufeff\U000e0041", "Ada"),
    "halves of characters": ("A\ud800da", "Ada"),
    "no characters": ("A\uffffda\ufdd0", "Ada"),
    "blanks around": (" \u3000Ada\u00a0\n", "Ada"),
}


def doors(name: str, text: str) -> dict[str, dict[str, Any]]:
    """Return sessions in which an answer comes by each of the doors that Stripe has."""
    field = {"key": name, "type": "text", "text": {"value": text}}
    return {
        "metadata": {"metadata": {"product": "life_clarity", name: text}},
        "field": {"metadata": {"product": "life_clarity"}, "custom_fields": [field]},
        "form": {"metadata": {"product": "life_clarity"}, "client_reference_id": "form-1"},
    }


@pytest.mark.parametrize("door", ["metadata", "field", "form"])
@pytest.mark.parametrize(("written", "kept"), TEXTS.values(), ids=TEXTS.keys())
async def test_a_text_is_kept_as_it_was_meant(deps: Deps, door: str, written: str, kept: str) -> None:
    """Spaces stay spaces and lines lines; joiners and marks stay; what shows nothing goes."""
    await keep_form(
        deps.db, "form-1", "life_clarity", {"question": written.encode("utf-8", "replace").decode()}, NOW
    )
    if door != "form" or "\ud800" not in written:
        order = await place(deps, **doors("question", written)[door])
        assert order["answers"]["question"] == kept


@pytest.mark.parametrize(
    "written", ["\u200e", "\u200b\u200c\u200d", "\u3000\u00a0", "\u3164", "\u2800 \u115f", "\ufe0f", "\x00"]
)
async def test_a_name_that_shows_nothing_is_none(deps: Deps, written: str) -> None:
    """Its customer is asked for one."""
    order = await place(deps, metadata={"product": "life_clarity", "name": written, "question": "Whither?"})
    assert order["missing"] == ["name"]


def test_a_long_text_is_cut_and_quickly_read() -> None:
    """However long, and of whatever signs: the raw event keeps the rest."""
    answers = plain_answers(
        LIFE, {"name": "\u200d" * 200_000, "question": "a" * 200_000, "language": "ab " * 60_000}, NOW
    )
    assert {name: len(text) for name, text in answers.items()} == {"question": 2000}


LANGUAGES = {
    "German": "de",
    "deutsch": "de",
    "DE": "de",
    "de_DE": "de-DE",
    "de_DE.UTF-8": "de-DE",
    "deu": "de",
    "Deutsch / German": "de",
    "german (Austria)": "de-AT",
    "Português (Brasil)": "pt-BR",
    "Brazilian Portuguese": "pt-BR",
    "pt-brazil": "pt-BR",
    "ptBR": "pt-BR",
    "English (US)": "en-US",
    "en-UK": "en-GB",
    "English please": "en",
    "Français": "fr",
    "C'est le français": "fr",
    "por favor, español": "es",
    "español (Latinoamérica)": "es-419",
    "中文（简体）": "zh-Hans",
    "繁體中文": "zh-Hant",
    "zh-hans-cn": "zh-Hans-CN",
    "日本語": "ja",
    "日本語でお願いします": "ja",
    "请用简体中文写": "zh-Hans",
    "TÜRKÇE": "tr",
    "한국어": "ko",
    "Tiếng Việt": "vi",
    "हिन्दी": "hi",
    "ไทย": "th",
    "العربية": "ar",
    "فارسی": "fa",
    "עברית\u200f": "he",
    "Čeština": "cs",
    "Ελληνικά": "el",
}


@pytest.mark.parametrize(("written", "tag"), LANGUAGES.items())
async def test_a_language_is_understood_as_people_write_it(deps: Deps, written: str, tag: str) -> None:
    """A dropdown's value, a name in any of many languages, a computer's setting: the order has the tag."""
    field = {"key": "language", "type": "dropdown", "dropdown": {"value": written}}
    order = await place(deps, custom_fields=[field])
    assert (order["answers"].get("language"), order["unread"]) == (tag, {})


@pytest.mark.parametrize(
    ("name", "written"), [("language", "Klingonish"), ("language", "as you like"), ("birth_date", "17.4.1988")]
)
async def test_what_is_not_understood_is_shown_and_not_used(deps: Deps, name: str, written: str) -> None:
    """An operator sees what the customer wrote. No report is written by it."""
    order = await place(deps, metadata={"product": "life_clarity", name: written})
    assert name not in order["answers"]
    assert (await order_view(deps, order))["unread"] == {name: written}


@pytest.mark.parametrize(
    "keys",
    [("birthdate",), ("birthDate",), ("BIRTHDATE",), ("birthdate", "birthDate"), ("birthdate", "birth_date")],
    ids="+".join,
)
async def test_a_field_is_known_by_its_key_without_underscores_and_case(deps: Deps, keys: tuple[str, ...]) -> None:
    """Stripe's fields take letters and digits only. The answer's own name goes before another, else the first."""
    days = {key: f"1988-04-{day}" for day, key in enumerate(keys, start=17)}
    fields = [{"key": key, "type": "text", "text": {"value": day}} for key, day in days.items()]
    order = await place(deps, metadata={"product": "life_clarity"}, custom_fields=fields)
    assert order["answers"]["birth_date"] == days.get("birth_date", "1988-04-17")


async def test_an_empty_field_hides_no_answer(deps: Deps) -> None:
    """One that was left empty gives way to another of its name, and to the metadata."""
    empty = {"key": "name", "type": "text", "text": {"value": None}}
    full = {"key": "Name", "type": "text", "text": {"value": "Ada"}}
    metadata = {"product": "life_clarity", "birth_place": "Rome"}
    unsaid = {"key": "birthplace", "type": "text", "text": {"value": ""}}
    order = await place(deps, metadata=metadata, custom_fields=[empty, full, unsaid])
    assert order["answers"] == {"name": "Ada", "birth_place": "Rome"}


@pytest.mark.parametrize(
    ("written", "kept"),
    [("１９８８-０４-１７", "1988-04-17"), ("\u200e1988-04-17", "1988-04-17"), ("19880417", "1988-04-17")],
)
def test_a_date_is_kept_in_one_form(written: str, kept: str) -> None:
    """Digits of a Japanese keyboard are digits."""
    assert plain_answers(LIFE, {"birth_date": written}, NOW) == {"birth_date": kept}


def test_a_child_born_today_in_auckland_is_born() -> None:
    """A day that has begun somewhere is no day of the future. One that has begun nowhere is."""
    before_noon = datetime(2026, 3, 1, 11, 30, tzinfo=UTC)
    assert last_day(before_noon).isoformat() == "2026-03-02"
    assert plain_answers(LIFE, {"birth_date": "2026-03-02"}, before_noon) == {"birth_date": "2026-03-02"}
    assert plain_answers(LIFE, {"birth_date": "2026-03-03"}, before_noon) == {}
    assert plain_answers(LIFE, {"birth_date": "2026-03-02"}, datetime(2026, 3, 1, 9, 30, tzinfo=UTC)) == {}


def test_answers_can_be_sent_and_stored() -> None:
    """Whatever was written, each answer is text that JSON and UTF-8 can hold."""
    for written, _ in TEXTS.values():
        for text in plain_answers(LIFE, {"name": written}, NOW).values():
            assert json.loads(json.dumps(text).encode()) == text
