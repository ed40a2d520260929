"""Folds names of places, so that they are found however they are spelt: without marks, case and punctuation."""

import unicodedata

#: Letters that have no mark to be taken off.
_PLAIN = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d"}
)


def folded(text: str) -> str:
    """Return the words of a text in small plain letters, a blank between them: `Zürich (ZH)` as `zurich zh`."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    bare = (letter for letter in apart if not unicodedata.combining(letter))
    return " ".join("".join(letter if letter.isalnum() else " " for letter in bare).split())
