"""Says sentences of pages and letters in a customer's language."""

import tomllib
from functools import cache
from pathlib import Path

ENGLISH = "en"
_FOLDER = Path(__file__).parent
LANGUAGES = (ENGLISH, *sorted(file.stem for file in _FOLDER.glob("*.toml")))


def nearest(*tags: str | None) -> str | None:
    """Return the first language that pages and letters are spoken in, of several that somebody may want, or None.

    `de` stands for `de-AT`.
    """
    wanted = (tag.replace("_", "-").partition("-")[0].lower() for tag in tags if tag)
    return next((tag for tag in wanted if tag in LANGUAGES), None)


def say(language: str, sentence: str, /, **values: object) -> str:
    """Return a sentence in a language, with its values: `%(name)s` stands for one."""
    return sentences(language).get(sentence, sentence) % values


def sentences(language: str) -> dict[str, str]:
    """Return the sentences of a language by the English ones. None for English, and for one that is not spoken."""
    return _read(nearest(language) or ENGLISH)


@cache
def _read(language: str) -> dict[str, str]:
    if language == ENGLISH:
        return {}
    return tomllib.loads((_FOLDER / f"{language}.toml").read_text("utf-8"))
