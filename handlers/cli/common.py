"""Common parts of the commands: the installation's clients, shared options, and text for a terminal."""

from __future__ import annotations

import asyncio
import getpass
import math
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from infra.errors import PressroomError

if TYPE_CHECKING:
    from actors.deps.process import Deps
    from infra.settings import Settings
    from storage.audit import Authority

Result = TypeVar("Result")
Command = TypeVar("Command", bound=Callable[..., Any])
Row = Mapping[str, Any]

end_option = click.option(
    "--for", "end", metavar="SPAN|TIME", required=True, help="30m, 12h or 3d from now, or until a time."
)


def _in_words(_context: click.Context, _option: click.Parameter, given: str) -> str:
    """Return a reason on one line. Bytes that are no text, which MongoDB does not hold, become question marks."""
    reason = " ".join(given.encode(errors="replace").decode().split())
    if not reason:
        raise click.BadParameter("say why, in words.")
    return reason


reason_option = click.option(
    "--reason", metavar="REASON", required=True, callback=_in_words, help="Why, for the audit trail."
)


class UnknownName(click.ClickException):
    """A name that does not exist. One line lists the names that do, and the exit code is 2."""

    exit_code = 2

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        """Compose the line; `kind` is a noun, such as queue."""
        super().__init__(f"There is no {kind} {name!r}; there are {', '.join(known)}.")


class Number(click.FloatRange):
    """A number within bounds. `nan` is within none, though click takes it for such."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number. Fail with click's own error if there is none in `value`."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is no number.", param, ctx)
        return number


@contextmanager
def writing() -> Iterator[None]:
    """Say of a file or folder that cannot be written, in one line, why; exit 1."""
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}.") from None


def json_option(shape: str) -> Callable[[Command], Command]:
    """Return the option `--json` of a command that prints JSON of that shape: an array or an object."""
    return click.option("--json", "as_json", is_flag=True, help=f"As JSON: {shape}.")


def limit_option(most: int, default: int, noun: str) -> Callable[[Command], Command]:
    """Return the option `--limit` of a listing of such things, the plural of a noun."""
    return click.option(
        "--limit",
        metavar="N",
        default=default,
        type=click.IntRange(1, most),
        help=f"{noun.capitalize()} at most.",
    )


def remedy(command: Callable[..., None]) -> click.Command:
    """Make a command about an order of a function that is given its id and a reason, beside its own options."""
    return click.command()(click.argument("order")(reason_option(command)))


def settings_here() -> Settings:
    """Read the settings of this installation, or of the local stack that `pressroom local` brings commands to."""
    from infra.settings import read_settings

    enter: Callable[[], None] | None = click.get_current_context().obj
    if enter is not None:
        enter()
    return read_settings()


def with_deps(work: Callable[[Deps], Awaitable[Result]], *, patience_s: float | None = None) -> Result:
    """Run `work` with the clients of this installation, and close them.

    With `patience_s` MongoDB and S3 have so many seconds for each operation, without another try.
    """
    from actors.deps.startup import open_deps
    from infra.logs import set_up_logs

    settings = settings_here()
    set_up_logs("text", "cli")

    async def run() -> Result:
        deps = open_deps(settings, patience_s=patience_s)
        try:
            return await work(deps)
        finally:
            await deps.db.close()

    return asyncio.run(run())


def authority_of(reason: str) -> Authority:
    """Return the authority on which a command acts: its user's name, and the reason."""
    from storage.audit import Authority

    try:
        who = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        who = f"user {os.getuid()}"
    return Authority(who, reason)


def expect(found: Result | None, name: str) -> Result:
    """Return `found`. Raise PressroomError (exit 1), which names the missing thing, if it is None."""
    if found is None:
        raise PressroomError(f"There is no {name}.")
    return found


def on_one_line(value: object) -> str:
    """Return a value as text on one line, with blanks for white space.

    Characters that would move the cursor, or that the terminal cannot write, are escaped.
    """
    text = "" if value is None else str(value)
    seen = "".join(" " if c.isspace() else c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return seen.encode(sys.stdout.encoding, "backslashreplace").decode(sys.stdout.encoding)
