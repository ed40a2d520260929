"""The few words that the book itself says, by language."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# What people write when they are asked for their language, where a tag was meant.
_NAMES = {
    "english": "en",
    "german": "de",
    "deutsch": "de",
    "french": "fr",
    "français": "fr",
    "spanish": "es",
    "español": "es",
}
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


@dataclass(frozen=True)
class Words:
    """`day` is a pattern of {day}, {month} and {year}; `quotes` are the outer and inner quotation marks."""

    contents: str
    prepared_for: str
    months: str
    day: str = "{day} {month} {year}"
    quotes: tuple[str, str, str, str] = ("“", "”", "‘", "’")

    def date(self, value: date) -> str:
        """The date as a reader of this language writes it."""
        return self.day.format(day=value.day, month=self.months.split()[value.month - 1], year=value.year)


_WORDS = {
    "en": Words(
        "Contents",
        "Prepared for",
        "January February March April May June July August September October November December",
    ),
    "de": Words(
        "Inhalt",
        "Für",
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "{day}. {month} {year}",
        ("„", "“", "‚", "‘"),
    ),
    "fr": Words(
        "Sommaire",
        "Préparé pour",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        quotes=("«\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}»", "‹\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}›"),
    ),
    "es": Words(
        "Índice",
        "Preparado para",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "{day} de {month} de {year}",
        ("«", "»", "“", "”"),
    ),
    "ar": Words(
        "المحتويات",
        "أُعدّ لـ",
        "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
        quotes=("«", "»", "“", "”"),
    ),
    "fa": Words(
        "فهرست",
        "برای",
        "ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر",
        quotes=("«", "»", "‹", "›"),
    ),
    "he": Words(
        "תוכן העניינים",
        "הוכן עבור",
        "ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר",
        "{day} ב{month} {year}",
        ("”", "”", "’", "’"),
    ),
    "ur": Words(
        "فہرست",
        "برائے",
        "جنوری فروری مارچ اپریل مئی جون جولائی اگست ستمبر اکتوبر نومبر دسمبر",
    ),
}


def language_tag(language: str) -> str:
    """The language as a BCP 47 tag: `und` if it is none, `en` if it is empty."""
    named = _NAMES.get(language.strip().casefold(), language.strip() or "en")
    return named if _TAG.fullmatch(named) else "und"


def words(tag: str) -> Words:
    """The words of a language, by its primary subtag; English where there are none."""
    return _WORDS.get(_primary(tag), _WORDS["en"])


def direction(tag: str) -> str:
    """`rtl` or `ltr`: the direction in which the language is written."""
    return "rtl" if _primary(tag) in _RIGHT_TO_LEFT else "ltr"


def leading_direction(text: str, otherwise: str) -> str:
    """`rtl` or `ltr`, as the text's first letter is written; `otherwise` if it has none."""
    for character in text:
        bidirectional = unicodedata.bidirectional(character)
        if bidirectional in ("L", "R", "AL"):
            return "ltr" if bidirectional == "L" else "rtl"
    return otherwise


def _primary(tag: str) -> str:
    return tag.split("-")[0].lower()
