"""What can be set in reasonable time and memory. Layout takes minutes or overflows the stack beyond these."""

import re

from markdown_it.token import Token

from infra.pdf.errors import TextIsUnsettable

# No sane section comes near: a long one has 6,000 characters, 200 pieces, a table of 15 rows.
MAX_CHARACTERS = 50_000
MAX_PIECES = 10_000  # blocks, and spans of type within them
MAX_DEPTH = 24
MAX_ROWS = 200
MAX_COLUMNS = 12
MAX_WORD = 1_000
MAX_EMOJI = 2_000  # drawn one by one, in 1 to 2 ms each

# Thai and its neighbours, Chinese, Japanese and emoji are written without spaces, and break anywhere.
_ENDLESS_WORD = re.compile(rf"[^\s\u0e00-\u109f\u1780-\u17ff\u2e80-\U0003ffff]{{{MAX_WORD + 1}}}")
# Also the signs that turn a letter before them into one.
_EMOJI = re.compile("[\u20e3\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]")


def refuse_endless_text(text: str, title: str) -> None:
    """TextIsUnsettable if the text is too long even to be parsed; `title` names it in the error."""
    if len(text) > MAX_CHARACTERS:
        raise TextIsUnsettable(f"“{title}” has {len(text)} characters; at most {MAX_CHARACTERS} can be set.")
    if _ENDLESS_WORD.search(text):
        raise TextIsUnsettable(f"“{title}” has a word of more than {MAX_WORD} letters.")
    if len(_EMOJI.findall(text)) > MAX_EMOJI:
        raise TextIsUnsettable(f"“{title}” has more than {MAX_EMOJI} emoji.")


def refuse_extremes(tokens: list[Token], title: str) -> None:
    """TextIsUnsettable if the parsed text is too deep, too wide or too much in pieces."""
    depth = max((t.level + max((c.level for c in t.children or ()), default=0) for t in tokens), default=0)
    if depth > MAX_DEPTH:
        raise TextIsUnsettable(f"“{title}” nests its text more than {MAX_DEPTH} levels deep.")
    if sum(1 + len(token.children or ()) for token in tokens) > MAX_PIECES:
        raise TextIsUnsettable(f"“{title}” is made of more than {MAX_PIECES} pieces.")
    _refuse_vast_tables(tokens, title)


def _refuse_vast_tables(tokens: list[Token], title: str) -> None:
    """Count rows from each table's start, and columns from each row's."""
    rows = columns = 0
    for token in tokens:
        if token.type == "table_open":
            rows = 0
        elif token.type == "tr_open":
            rows, columns = rows + 1, 0
        elif token.type in ("th_open", "td_open"):
            columns += 1
        if rows > MAX_ROWS or columns > MAX_COLUMNS:
            raise TextIsUnsettable(f"“{title}” has a table of more than {MAX_ROWS} rows or {MAX_COLUMNS} columns.")
