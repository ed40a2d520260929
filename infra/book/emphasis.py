"""Emphasis where words are written without spaces between them, as CommonMark alone does not read it."""

from unicodedata import east_asian_width

from markdown_it import MarkdownIt
from markdown_it.common.utils import isWhiteSpace
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token
from markdown_it.utils import EnvType

#: Widths of the letters and signs of Chinese, Japanese and Korean.
_EAST_ASIAN = "WFH"


class _State(StateInline):
    """Text in which signs of emphasis open and close it as their writers mean them.

    CommonMark takes a sign between a full stop and a letter for none, since a space would part the two in English.
    In East Asian text none does (https://github.com/commonmark/commonmark-spec/issues/650), and writers forget it
    elsewhere. A double sign is hardly ever meant as anything else, so it only needs a neighbour on its inner side.
    """

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803  # overrides the package's
        scanned = super().scanDelims(start, canSplitWord)
        end = start + scanned.length
        before = self.src[start - 1] if start else " "
        after = self.src[end] if end < self.posMax else " "
        if not canSplitWord or (scanned.length == 1 and not (_is_east_asian(before) or _is_east_asian(after))):
            return scanned
        can_open, can_close = not isWhiteSpace(ord(after)), not isWhiteSpace(ord(before))
        return Scanned(scanned.can_open or can_open, scanned.can_close or can_close, scanned.length)


class _Inline(ParserInline):
    """Parser of text within a block that reads emphasis so."""

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        state = _State(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


def commonmark(**options: object) -> MarkdownIt:
    """Return a parser of CommonMark that reads emphasis so."""
    parser = MarkdownIt("commonmark")
    parser.inline = _Inline()
    return parser.configure("commonmark", options)


def _is_east_asian(letter: str) -> bool:
    return east_asian_width(letter) in _EAST_ASIAN
