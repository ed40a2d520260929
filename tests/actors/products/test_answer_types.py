"""Types of answers: what people write is read as they meant it, or one sentence says how to write it."""

from datetime import UTC, date, datetime

import pytest

from actors.intake.answers import mistakes_in, plain_answers
from actors.products.answer_types import Address, Choice, Date, Email, LongText, Number, Text, Time, in_language
from actors.products.questions import Question

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AREA, ROOMS, LOSS = Number(10, 2000, unit="m²"), Number(1, 40, is_whole=True), Number(-20, 5000)
HEATING = Choice(
    {"gas": {"en": "Gas boiler", "de": "Gasheizung"}, "heat_pump": {"en": "Heat pump", "de": "Wärmepumpe"}}
)
PAST, LATER = Date(first=date(1900, 1, 1), is_past=True), Date(first=date(2026, 1, 1))


def asked(kind: Text) -> dict[str, Question]:
    """Return one question of that type."""
    return {"it": Question("it", "It", sample="", type=kind)}


@pytest.mark.parametrize(
    ("kind", "written", "kept"),
    [
        (AREA, "120", "120"),
        (AREA, " 120 m² ", "120"),
        (AREA, "120m2", "120"),
        (AREA, "120,5", "120.5"),
        (AREA, "120.50", "120.5"),
        (AREA, "1.200,5", "1200.5"),
        (AREA, "1,200", "1200"),
        (AREA, "1\u202f200 M²", "1200"),
        (AREA, "1'200", "1200"),
        (AREA, "１２０", "120"),
        (AREA, "1\u200e20\x00", "120"),
        (ROOMS, "4.0", "4"),
        (LOSS, "-0", "0"),
        (LOSS, "-12,25", "-12.25"),
        (HEATING, "gas", "gas"),
        (HEATING, "heatPump", "heat_pump"),
        (HEATING, "WÄRMEPUMPE", "heat_pump"),
        (HEATING, "Gas boiler", "gas"),
        (PAST, "2024-02-29", "2024-02-29"),
        (PAST, "１９８８-０４-１７", "1988-04-17"),
        (LATER, "2031-12-31", "2031-12-31"),
        (Time(), "6:40", "06:40"),
        (Time(), "18.05", "18:05"),
        (Time(), "00:00:00", "00:00"),
        (Email(), "ada@müller.de", "ada@xn--mller-kva.de"),
        (Address(), "1 Old Road\r\nBath\x07", "1 Old Road\nBath"),
        (LongText(), "a\x00b\u202e" + "c" * 1998, "ab" + "c" * 1998),
    ],
)
def test_an_answer_is_kept_in_one_form(kind: Text, written: str, kept: str) -> None:
    """However a number, a day, a time or a choice is written, records and prompts have it in one form."""
    assert plain_answers(asked(kind), {"it": written}, NOW) == {"it": kept}
    assert mistakes_in(asked(kind), {"it": written}, NOW) == {}


@pytest.mark.parametrize(
    ("kind", "written", "rule"),
    [
        *(
            (AREA, written, "Write a number from 10 to 2000, in m².")
            for written in (
                "9.99",
                "2001",
                "-120",
                "1e3",
                "9" * 500,
                "12 ft",
                "1,2,3",
                "12_0",
                "NaN",
                "ten",
                "10-20",
            )
        ),
        (ROOMS, "2.5", "Write a whole number from 1 to 40."),
        # Either of two customs may be meant, and both numbers could be.
        (LOSS, "1.200", "Write a number from -20 to 5000."),
        (HEATING, "coal", "Choose one of these: Gas boiler, Heat pump."),
        (HEATING, "$gas; heat pump", "Choose one of these: Gas boiler, Heat pump."),
        *(
            (PAST, written, "Write a date as 1990-12-31, from 1900 to today.")
            for written in ("2023-02-29", "1988-04-31", "0988-04-17", "2026-03-04", "17.4.1988", "soon")
        ),
        (LATER, "2025-12-31", "Write a date as 1990-12-31, from 2026."),
        *(
            (Time(), written, "Write a time as 06:40 or 18:05.")
            for written in ("24:00", "6:60", "6", "noon", "6:40 pm")
        ),
        (Email(), "nobody", "Write a mail address as ada@customer.example."),
        (Text(), "\u200e", "Write something that can be read."),
        (LongText(), "a" * 10_000, "Write at most 2,000 characters."),
    ],
)
def test_one_sentence_says_how_an_answer_is_written(kind: Text, written: str, rule: str) -> None:
    """What cannot be used is no answer, but for a text that is too long, of which a session's is cut."""
    assert mistakes_in(asked(kind), {"it": written}, NOW) == {"it": rule}
    assert plain_answers(asked(kind), {"it": written}, NOW) == (
        {"it": "a" * 2000} if len(written) == 10_000 else {}
    )


@pytest.mark.parametrize("kind", [AREA, HEATING, PAST, Time(), Email(), Text()])
@pytest.mark.parametrize("written", [None, "", " \u3000\n"])
def test_what_is_left_empty_is_no_mistake(kind: Text, written: str | None) -> None:
    """An answer that is not needed may be left out."""
    assert mistakes_in(asked(kind), {"it": written}, NOW) == plain_answers(asked(kind), {"it": written}, NOW) == {}


def test_an_answer_is_said_with_its_unit_and_in_words() -> None:
    """A choice that is offered no more is said by its id, and an unknown language hears the first."""
    assert (AREA.said("120"), ROOMS.said("4")) == ("120 m²", "4")
    assert (HEATING.said("heat_pump"), HEATING.said("coal")) == ("Heat pump", "coal")
    spoken = {"en": "Heat", "de": "Wärme"}
    assert [in_language(spoken, tag) for tag in ("de", "de-AT", "en-GB", "fr", "")] == [
        "Wärme",
        "Wärme",
        "Heat",
        "Heat",
        "Heat",
    ]
