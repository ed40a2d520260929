"""Text from outside, cleaned of characters that no typesetter can take."""

import re

from infra.errors import PermanentError

# Control characters end no sentence, and lone surrogates cannot be encoded; both come from broken input.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class TextIsUnsettable(PermanentError):
    """A text is too long, too wide or too deeply nested to be set; the text names the bound that it breaks."""


def printable(text: str) -> str:
    """Return the text with line feeds for line ends, and without characters that cannot be set."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str, limit: int) -> str:
    """Return the text as a single line of at most `limit` characters, the last an ellipsis if it was longer."""
    line = " ".join(printable(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
