"""`make configuration`: writes docs/configuration.md from the settings, and the comments above them."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import NODEFAULT

from infra import settings
from infra.setting_checks import find_mistake
from infra.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "configuration.md"
PROCESSES = ("web", "worker", "mail", "sweep", "cli", "function")

_INTRODUCTION = """\
# Configuration

Written by `make configuration` from [`infra/settings.py`](../infra/settings.py): types, and the comments above
them.

Pressroom reads its settings from environment variables, once, when a process starts. All processes are given
all settings: each checks the whole, so that a mistake is found at a deploy and not by an order. Missing or
malformed settings stop the start with one line for each, which says what it may be and never what it was, and
exit code 2. Only the webhook as a [function](serverless.md) has a few settings, those with `all` or `function`
beside them.

The last column names the processes that act on a setting: `web`; `worker` for those of products; `mail` for
`worker bundle`; `sweep`; `cli` for the other commands. 🔒 is beside a secret: how to change one without losing
an order is in [rotating secrets](runbooks/secrets.md).

boto3 finds its credentials by itself, as in any program: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` 🔒, a
profile, or the role of the machine, for S3 and for `ses://`. In live mode the URLs below are `https://`, but
for inner networks.
"""

#: One of these is wrong for a setting of any type. The first says more where it is.
_WRONG = ("é\n", "")
_ENTRY = re.compile(r"\[(?P<readers>[a-z, ]+)(?P<secret>; secret)?\] (?P<meaning>.+)")


class Entry(NamedTuple):
    """One setting, as the page shows it."""

    name: str
    default: str | None
    form: str
    meaning: str
    readers: tuple[str, ...]
    secret: bool

    def row(self) -> str:
        """Return its row in a table."""
        name = f"`{self.name}`{' 🔒' if self.secret else ''}"
        cells = [name, self.meaning, self.form, *([] if self.default is None else [self.default])]
        shown = "all" if set(self.readers) == {*PROCESSES} else ", ".join(self.readers)
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in (*cells, shown))} |"


def entries() -> Iterator[Entry]:
    """Yield all settings in their order. Each has a comment of the right form."""
    comments = _comments()
    for field in msgspec.structs.fields(Settings):
        found = _ENTRY.fullmatch(comments[field.name])
        assert found is not None, field.name
        readers = PROCESSES if found["readers"] == "all" else tuple(found["readers"].split(", "))
        default = None if field.default is NODEFAULT else _shown(field.default)
        form = next(filter(None, (find_mistake(wrong, field.type) for wrong in _WRONG)))
        yield Entry(field.encode_name, default, form, found["meaning"], readers, found["secret"] is not None)


def _comments() -> dict[str, str]:
    """Return the comment above each field of both classes, as one line."""
    text = inspect.getsource(settings)
    lines = text.splitlines()
    found = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            first = node.lineno - 1
            while lines[first - 1].startswith("    #: "):
                first -= 1
            found[node.target.id] = " ".join(line[7:] for line in lines[first : node.lineno - 1])
    return found


def _shown(default: Any) -> str:
    match default:
        case None:
            return ""
        case bool():
            return f"`{str(default).lower()}`"
        case float():
            return f"`{default:g}`"
    return f"`{default}`"


def page() -> str:
    """Return the whole page."""
    every = [*entries()]
    required = [one.row() for one in every if one.default is None]
    optional = [one.row() for one in every if one.default is not None]
    return "\n".join(
        [
            _INTRODUCTION,
            "## Required\n",
            "| setting | meaning | it is | used by |",
            "|---|---|---|---|",
            *required,
            "\n## Optional\n",
            "| setting | meaning | it is | default | used by |",
            "|---|---|---|---|---|",
            *optional,
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
