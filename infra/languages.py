"""Languages: what people write when they are asked for theirs, as a tag."""

import re
import tomllib
import unicodedata
from pathlib import Path

#: A BCP 47 tag, as far as hyphenation and the writing need it, once underscores are hyphens.
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
#: What a computer's settings add to a tag: de_DE.UTF-8, de_DE@euro.
_ADDED = re.compile(r"[.@][\w-]+$")
_WORD = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f\u0900-\u0dff\u0e00-\u0e7f\u1780-\u17ff\u200c\u200d][^\W\d_]*)*")
#: The number of words that are looked at: a name and what stands beside it.
_MOST_WORDS = 12
#: The letters of the shortest name that is looked for in a text without spaces.
_SHORTEST = 2
#: The letters of a code in the table.
_CODE = 3


def _read() -> tuple[dict[str, str], dict[str, str]]:
    table = tomllib.loads((Path(__file__).parent / "languages.toml").read_text(encoding="utf-8"))
    beside = {name: part for part, names in table.pop("beside").items() for name in names}
    return {name: tag for tag, names in table.items() for name in names}, beside


_NAMES, _BESIDE = _read()


def letters_by_language() -> dict[str, str]:
    """Return the letters of each language's names, its own name among them, by tag."""
    letters: dict[str, str] = {}
    for name, tag in _NAMES.items():
        letters[tag] = letters.get(tag, "") + name
    return letters


def read_language(written: str) -> str | None:
    """Return the BCP 47 tag of a language that somebody wrote: a tag, or a name in one of many languages.

    None if it is not understood.
    """
    text = unicodedata.normalize("NFKC", written).strip()
    if named := _NAMES.get(text.casefold()):
        return named
    tag = _ADDED.sub("", text).replace("_", "-")
    return _cased(tag) if _TAG.fullmatch(tag) else _named(text.casefold())


def _cased(tag: str) -> str:
    """Return a tag as tags are written: `zh-Hant-TW`."""
    language, *rest = tag.lower().split("-")
    shaped = [part.title() if len(part) == 4 else part.upper() if len(part) == 2 else part for part in rest]
    known = [_BESIDE.get(part.lower(), part) for part in shaped]
    return "-".join([_NAMES.get(language, language), *known])


def _named(text: str) -> str | None:
    """Return the first language that a text names, with what it says of country or script."""
    words = _WORD.findall(text)[:_MOST_WORDS]
    # Codes are words in some language: "por favor", "c'est".
    names = [word for word in words if word in _NAMES and not (len(word) <= _CODE and word.isascii())]
    within = [name for name in _NAMES if not name.isascii() and len(name) >= _SHORTEST and name in text]
    found = names[0] if names else max(within, key=len, default="")
    language = _NAMES.get(found)
    if language is None or "-" in language:
        return language
    part = next((_BESIDE[word] for word in words if word in _BESIDE), None)
    return f"{language}-{part}" if part else language
