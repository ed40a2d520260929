"""Words for a run, step by step, for a person to read; the same ones whenever it is run again."""

import re
from datetime import datetime
from typing import Any

from tests.simulation.database import Command
from tests.simulation.run import Run
from tests.simulation.scheduler import Line

#: Ids that are drawn anew each time: UUIDs, with or without dashes, and the secret part of a customer's link.
_DRAWN = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{32}\b|(?<=token: )[\w-]{24}")
#: Of a line, which ends with what is known of the command beside its outcome.
_LONGEST = 300
#: A document with more keys is named by its id and state.
_MOST_KEYS = 6


def words_for(run: Run) -> list[str]:
    """Return a line for what a seed decides, one for each turn, and one for each wrong."""
    told = [f"seed {run.script.seed}: {run.story.offer}, {run.story.befalls} at {run.story.at} s"]
    told += [_line(line) for line in run.trace]
    told += [f"WRONG: {one}" for one in run.wrong]
    return [one[:_LONGEST] for one in _renamed(told)]


def _line(line: Line) -> str:
    detail, outcome = _shown(line.detail), _shown(line.outcome)
    ending = f" -> {outcome}" if outcome else ""
    return f"{line.turn:>4} {line.at:>8.3f} s  {line.machine:<12} {line.what}{ending}  {detail}"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Command):
        return " ".join(map(_shown, value.args))
    if hasattr(value, "matched_count"):
        return f"{value.matched_count} matched"
    if isinstance(value, dict):
        return _shown_document(value)
    if isinstance(value, list | tuple | set):
        return "[" + ", ".join(map(_shown, sorted(value) if isinstance(value, set) else value)) + "]"
    if isinstance(value, datetime):
        return f"{value:%H:%M:%S.%f}"[:-3]
    return str(value) if isinstance(value, str | int | float) else type(value).__name__


def _shown_document(value: dict[str, Any]) -> str:
    if len(value) > _MOST_KEYS and {"_id", "state"} <= value.keys():
        return f"{value['_id']} {value['state']}"
    # The order of a choice, which comes from a set, means nothing.
    plain = {key: sorted(one, key=_undrawn) if key == "$in" else one for key, one in value.items()}
    return "{" + ", ".join(f"{key}: {_shown(one)}" for key, one in plain.items()) + "}"


def _undrawn(value: Any) -> str:
    return _DRAWN.sub("", str(value))


def _renamed(told: list[str]) -> list[str]:
    """Name the drawn ids in the order in which they appear."""
    names: dict[str, str] = {}
    return [_DRAWN.sub(lambda found: names.setdefault(found[0], f"id-{len(names) + 1}"), one) for one in told]
