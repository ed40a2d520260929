"""Help, as it is read on a terminal of 80 columns."""

from collections.abc import Iterator

import click
import pytest

from handlers.cli.main import pressroom
from infra.local.environment import outer_environment
from tests.commands import run
from tests.pressroom import PRESSROOM

Way = tuple[str, ...]


def commands_below(command: click.Command, *way: str) -> Iterator[tuple[Way, click.Command]]:
    """Yield a command and all that it groups, each with the words that lead to it."""
    yield way, command
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            yield from commands_below(one, *way, name)


EVERY = dict(commands_below(pressroom))


@pytest.mark.parametrize("way", [way for way in EVERY if "local" not in way[:-1]], ids=" ".join)
def test_help_fits_and_leaves_nothing_out(way: Way) -> None:
    """Nothing is wider than the terminal, and no command's summary ends before its sentence does."""
    code, out, err = run({**outer_environment(), "COLUMNS": "80"}, PRESSROOM, *way, "--help")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    assert not any(line.endswith("...") for line in out.partition("\nCommands:\n")[2].splitlines())


@pytest.mark.parametrize("command", EVERY.values(), ids=map(" ".join, EVERY))
def test_every_option_says_what_it_takes(command: click.Command) -> None:
    """A value is named after its meaning, not its type; `--json` says whether an array or an object comes out."""
    context = click.Context(command)
    options = [one for one in command.params if isinstance(one, click.Option)]
    taking = {one.name: one.make_metavar(context) for one in options if not one.is_flag}
    typed = {name: taken for name, taken in taking.items() if taken.split()[0] in {"TEXT", "INTEGER", "FLOAT"}}
    assert typed == {}
    shapes = [one.help or "" for one in options if "--json" in one.opts]
    assert all(shape.startswith(("As JSON: an array", "As JSON: an object")) for shape in shapes)


def test_every_option_says_what_it_is_for() -> None:
    """No option of any command is listed by its name alone."""
    options = [
        (way, one) for way, command in EVERY.items() for one in command.params if isinstance(one, click.Option)
    ]
    assert len(options) > 30
    assert [(way, one.name) for way, one in options if not one.help] == []
