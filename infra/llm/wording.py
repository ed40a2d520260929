"""Wording of an answer without what models put around it: thoughts, a fence about all of it, doubled items.

Some servers leave a model's thoughts in its text, and have no switch for it (ollama/ollama#9627).
"""

import re
from collections.abc import Iterable

_TAGS = r"think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis|seed:think"
#: Marks of the beginning and the end of thoughts, as models write them.
_MARKS = (
    (rf"<(?:{_TAGS})(?:\s[^<>]*)?>", rf"</(?:{_TAGS})\s*>"),
    (r"\[THINK\]", r"\[/THINK\]"),
    ("◁think▷", "◁/think▷"),
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),
    (
        r"<\|channel\|>(?:analysis|commentary)<\|message\|>",
        r"<\|(?:end|start\|>assistant<\|channel\|>final<\|message)\|>",
    ),
)
_THOUGHTS = [re.compile(f"({begin})|{end}", re.IGNORECASE) for begin, end in _MARKS]
#: Tags and tokens around or beside the answer itself.
_WRAPPED = re.compile(r"\s*<(answer|final|final_answer|response)>(.*)</\1>\s*", re.IGNORECASE | re.DOTALL)
_TOKENS = re.compile(r"<\|(?:start|end|return|im_start|im_end|endoftext|message|channel)\|>(?:assistant|final)?")
_FENCE = re.compile(
    r"(`{3,}|~{3,})[ \t]*(markdown|md|mdx|text|txt|plaintext)?[ \t]*\r?\n(.*)", re.IGNORECASE | re.DOTALL
)


def cleaned(text: str) -> str:
    """Return a text without thoughts, also those that never end, and out of a fence that holds all of it."""
    for marks in _THOUGHTS:
        text = _thoughtless(text, marks)
    text = _TOKENS.sub("", text)
    if wrapped := _WRAPPED.fullmatch(text):
        text = wrapped[2]
    return _unfenced(text.strip())


def _thoughtless(text: str, marks: re.Pattern[str]) -> str:
    """Return a text without what stands between marks. Some servers put the beginning into the prompt."""
    kept, at, thinks = list[str](), 0, False
    for mark in marks.finditer(text):
        if mark[1] is None and not thinks:
            kept.clear()
        elif mark[1] is not None and not thinks:
            kept.append(text[at : mark.start()])
        at, thinks = mark.end(), mark[1] is not None
    return "".join(kept) + ("" if thinks else text[at:])


def _unfenced(text: str) -> str:
    fence = _FENCE.fullmatch(text)
    if fence is None:
        return text
    mark, kind, inner = fence.groups()
    body, _, last = inner.rpartition("\n")
    closed = last.strip() == mark
    if closed and (kind or mark not in body):
        return body.strip()
    # A fence of markdown that is not closed at the end holds all that follows, unless it is closed before.
    return inner.strip() if kind and not closed and mark not in inner else text


def joined(texts: Iterable[str]) -> str:
    """Join the texts of an answer's items by blank lines: each once, and none that another one begins with."""
    kept: list[str] = []
    for text in texts:
        if any(_flat(other).startswith(_flat(text)) for other in kept):
            continue  # an empty one, too, once there is another
        kept = [other for other in kept if not _flat(text).startswith(_flat(other))]
        kept.append(text)
    return "\n\n".join(kept)


def _flat(text: str) -> str:
    return " ".join(text.split())
