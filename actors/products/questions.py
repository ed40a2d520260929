"""Questions to customers: what a product may ask, and the questions that several products share."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from actors.products.answer_types import Date, Email, Language, LongText, Place, Text, Time, Words

#: No living person was born before. An earlier year is a slip of the hand.
_FIRST_BIRTH = date(1900, 1, 1)
_TEXT = Text()


@dataclass(frozen=True, eq=False)
class Question:
    """One question, in `words` and with `help` below them, and the type of its answer.

    `id` is the name of the answer in forms, sessions, records and prompts. `sample` is that of the customer who
    buys in the demo and in previews. `autocomplete` says in HTML's terms what a browser may fill in.
    """

    id: str
    words: Words
    sample: str
    type: Text = _TEXT
    help: Words = ""
    autocomplete: str = "off"


#: The name stands on the cover and in letters, and orders are found by it.
NAME = Question("name", {"en": "Your name", "de": "Ihr Name"}, "Ada Byron", autocomplete="name")
BIRTH_DATE = Question(
    "birth_date",
    {"en": "Date of birth", "de": "Geburtsdatum"},
    "1988-04-17",
    Date(first=_FIRST_BIRTH, is_past=True),
    autocomplete="bday",
)
BIRTH_TIME = Question(
    "birth_time",
    {"en": "Time of birth", "de": "Geburtszeit"},
    "06:40",
    Time(),
    help={
        "en": "By the clock on the wall, of 24 hours. If you do not know it, leave it empty.",
        "de": "Nach der Uhr an der Wand, von 0 bis 24 Uhr. Wenn Sie sie nicht wissen, lassen Sie das Feld leer.",
    },
)
BIRTH_PLACE = Question("birth_place", {"en": "Place of birth", "de": "Geburtsort"}, "London", Place())
QUESTION = Question(
    "question",
    {"en": "What would you like clarity about?", "de": "Worüber möchten Sie Klarheit gewinnen?"},
    "Shall I take the new position, or stay where I am known?",
    LongText(),
)
#: The language of the report: of each, if a session names one.
LANGUAGE = Question("language", {"en": "Language", "de": "Sprache"}, "en", Language())
#: The mail address is no answer, but may be missing as one.
EMAIL = Question(
    "email",
    {"en": "The mail address for your report", "de": "Die E-Mail-Adresse für Ihren Bericht"},
    "ada@customer.example",
    Email(),
    autocomplete="email",
)

#: What sessions may tell of a life.
LIFE = (NAME, BIRTH_DATE, BIRTH_TIME, BIRTH_PLACE, QUESTION)


def by_id(questions: Iterable[Question]) -> dict[str, Question]:
    """Return questions by their ids: the first of each id."""
    found: dict[str, Question] = {}
    for question in questions:
        found.setdefault(question.id, question)
    return found
