"""Turns a section's markdown into HTML that is safe to set: bounded, no raw HTML, no images, no links away."""

import re
from functools import lru_cache
from itertools import pairwise, takewhile

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from infra.book.emphasis import commonmark
from infra.book.untrusted import TextIsUnsettable, printable
from infra.book.words import direction, leading_direction, words

_FIRST_LEVEL, _LAST_LEVEL = 3, 5  # below the section's own heading, an h2
_TABLE_LETTERS = 54  # of 1.9 mm on average; a line has 140 mm, of which twelve columns leave 107
_TAGS = {"p", "em", "strong", "s", "code", "pre", "br", "hr", "blockquote", "ul", "ol", "li"}
_TAGS |= {"a", "h3", "h4", "h5", "table", "thead", "tbody", "tr", "th", "td"}
_ATTRIBUTES = {
    "a": {"href"},
    "blockquote": {"class"},
    "table": {"class"},
    "p": {"dir"},
    "ol": {"start"},
    "th": {"style"},
    "td": {"style"},
}

# Beyond these bounds layout takes minutes or overflows the stack. No sane section comes near: a long one has 6,000
# characters, 200 pieces, a table of 15 rows.
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


def prose_html(markdown: str, title: str, language: str) -> str:
    """Return the section's body as HTML. TextIsUnsettable if it breaks a bound; `title` is the section's."""
    text = printable(markdown).strip()
    _refuse_endless_text(text, title)
    parser = _parser(language)
    tokens = parser.parse(text)
    _refuse_extremes(tokens, title)
    tokens = _without_repeated_title(tokens, title)
    _lower_headings(tokens)
    _mark_boxes(tokens)
    _mark_roomy_tables(tokens)
    _replace_images(tokens)
    _join_strokes(tokens)
    _turn_paragraphs(tokens, direction(language))
    return _allowed_only(parser.renderer.render(tokens, parser.options, {}))


@lru_cache(maxsize=8)  # customers write the language
def _parser(language: str) -> MarkdownIt:
    """Return a parser of CommonMark with tables and typographic quotes; raw HTML is text."""
    options = {"html": False, "typographer": True, "quotes": words(language).quotes, "maxNesting": 100}
    # Not "replacements": it would turn the "(c)" of an enumeration into a copyright sign. See _join_strokes.
    return commonmark(**options).enable(["table", "strikethrough", "smartquotes"])


def _allowed_only(html: str) -> str:
    """Drop all other elements and attributes that markdown let through: the second fence."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_within_the_book,
        filter_style_properties={"text-align"},
        link_rel=None,
        url_schemes={"book"},
    )


def _within_the_book(_tag: str, attribute: str, value: str) -> str | None:
    """Keep links that lead to another place in the book."""
    return value if attribute != "href" or value.startswith("book:") else None


def _without_repeated_title(tokens: list[Token], title: str) -> list[Token]:
    """Leave out a title that repeats the one printed above: writers like to begin with it."""
    if len(tokens) < 3 or tokens[0].type != "heading_open":
        return tokens
    repeated = tokens[1].content.strip("*_ :.").casefold() == title.strip(" :.").casefold()
    return tokens[3:] if repeated else tokens


def _lower_headings(tokens: list[Token]) -> None:
    """Make the highest heading used in the text an h3, the next below it an h4, and so on."""
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    highest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1]) - highest + _FIRST_LEVEL, _LAST_LEVEL)}"


def _mark_boxes(tokens: list[Token]) -> None:
    """Mark quotes: one that begins in bold type is a box to act on, any other a pull quote."""
    for at, token in enumerate(tokens[:-2]):
        if token.type == "blockquote_open":
            spans = tokens[at + 2].children or []
            first = next((span.type for span in spans if span.content or span.nesting), "")
            token.attrSet("class", "box" if first == "strong_open" else "pull")


def _mark_roomy_tables(tokens: list[Token]) -> None:
    """Mark tables whose longest words fit side by side, which break none; others break words where they must."""
    for start, token in enumerate(tokens):
        if token.type == "table_open":
            table = list(takewhile(lambda inner: inner.type != "table_close", tokens[start:]))
            columns = sum(inner.type == "th_open" for inner in table)
            longest = max((len(word) for inner in table for word in inner.content.split()), default=0)
            if columns * longest <= _TABLE_LETTERS:
                token.attrSet("class", "roomy")


def _replace_images(tokens: list[Token]) -> None:
    """Put its description in the place of each image: none is ever loaded."""
    for token in tokens:
        for span in token.children or ():
            if span.type == "image":
                span.type, span.tag, span.children = "text", "", None


def _join_strokes(tokens: list[Token]) -> None:
    """Join hyphens and full stops that were typed in the place of a dash or an ellipsis."""
    for token in tokens:
        for span in token.children or ():
            if span.type == "text":
                span.content = span.content.replace("---", "—").replace("--", "–").replace("...", "…")


def _turn_paragraphs(tokens: list[Token], usual: str) -> None:
    """Set paragraphs in a script of the other direction in that direction."""
    for opening, inline in pairwise(tokens):
        if opening.type == "paragraph_open":
            way = leading_direction(inline.content, usual)
            if way != usual:
                opening.attrSet("dir", way)


def _refuse_endless_text(text: str, title: str) -> None:
    """Raise TextIsUnsettable if the text is too long even to be parsed; `title` names it in the error."""
    if len(text) > MAX_CHARACTERS:
        raise TextIsUnsettable(f"“{title}” has {len(text)} characters; at most {MAX_CHARACTERS} can be set.")
    if _ENDLESS_WORD.search(text):
        raise TextIsUnsettable(f"“{title}” has a word of more than {MAX_WORD} letters.")
    if len(_EMOJI.findall(text)) > MAX_EMOJI:
        raise TextIsUnsettable(f"“{title}” has more than {MAX_EMOJI} emoji.")


def _refuse_extremes(tokens: list[Token], title: str) -> None:
    """Raise TextIsUnsettable if the parsed text is too deep, too wide or too much in pieces."""
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
