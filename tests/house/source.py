"""Counts of one source file: its lines, its functions, and how its docstrings speak."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

_NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_OWNERS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
#: A clause without a noun: such a word opens a sentence, or follows a comma, a colon or a semicolon, maybe with an
#: "and", "or" or "but" between. Grammar is not looked at, so that a relative clause behind a comma counts as well.
_NOUNLESS = re.compile(r"(?:^|[.?!,:;] )(?:(?:and|or|but) )?(?:what|who|whoever|nobody)\b", re.IGNORECASE)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Counts:
    """Sums over one source file, or over several.

    `lines` are those with code: no blanks, comments, docstrings or imports. `functions` are the lengths of all
    functions in such lines, from `def` to the last. `documents` are the functions that name the type `Document` in
    their signature. `comprehensions` are generators as well. `words` and `nounless` clauses are the docstrings'.
    """

    files: int = 0
    lines: int = 0
    functions: tuple[int, ...] = ()
    documents: int = 0
    comprehensions: int = 0
    ternaries: int = 0
    words: int = 0
    nounless: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Return the counts of both."""
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


def count(text: str) -> Counts:
    """Count one file's source."""
    nodes = list(ast.walk(ast.parse(text)))
    functions = [node for node in nodes if isinstance(node, Function)]
    docstrings = [expression for node in nodes if (expression := _docstring(node)) is not None]
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    lines = set(_lines_with_code(text)).difference(*map(_lines_of, [*docstrings, *imports]))
    said = [" ".join(part.split()) for doc in docstrings for part in str(ast.literal_eval(doc)).split("\n\n")]
    return Counts(
        files=1,
        lines=len(lines),
        functions=tuple(len(lines.intersection(_lines_of(function))) for function in functions),
        documents=sum(map(_has_document, functions)),
        comprehensions=sum(isinstance(node, _COMPREHENSIONS) for node in nodes),
        ternaries=sum(isinstance(node, ast.IfExp) for node in nodes),
        words=sum(len(part.split()) for part in said),
        nounless=sum(len(_NOUNLESS.findall(part)) for part in said),
    )


def _docstring(node: ast.AST) -> ast.expr | None:
    """Return the expression that is a node's docstring, or None."""
    if not isinstance(node, _OWNERS) or not node.body or ast.get_docstring(node) is None:
        return None
    first = node.body[0]
    return first.value if isinstance(first, ast.Expr) else None


def _lines_with_code(text: str) -> Iterator[int]:
    written = [bool(line.strip()) for line in text.split("\n")]
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _NO_CODE:
            yield from (line for line in range(token.start[0], token.end[0] + 1) if written[line - 1])


def _lines_of(node: ast.stmt | ast.expr) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _has_document(function: Function) -> bool:
    own = function.args
    given = [one for one in (*own.posonlyargs, *own.args, *own.kwonlyargs, own.vararg, own.kwarg) if one]
    types = [one for one in (function.returns, *(argument.annotation for argument in given)) if one]
    return any(isinstance(node, ast.Name) and node.id == "Document" for one in types for node in ast.walk(one))
