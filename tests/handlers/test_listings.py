"""Listings as they are read: by programs, a row a line, and by operators, on screens of any width."""

import asyncio
import json
import unicodedata
from datetime import UTC, datetime

import pytest

from infra.local.environment import outer_environment
from storage.database import Database
from storage.dead_letters import record_dead_errand
from tests.commands import run, run_cold
from tests.pressroom import PRESSROOM, Pressroom
from tests.terminal import run_on_terminal

ORDER = "cs_live_" + "a1B2c3D4e5" * 5 + "Z9y8X7w6"
#: An error as a hostile or careless server words it; `WORDS` are the parts that must be read as they are.
ERROR = (
    "No\nway \x1b[31m[red]out[/red]\x1b[2J\r :smile: of 東京タワー \x9b1m\u202e, " + "said in so many words, " * 6
)
TRACEBACK = "Raised:\n  in \x1b[2J a file\nNo way"
WORDS = ("No way", "[red]out[/red]", ":smile:", "東京タワー", "many")


@pytest.fixture(scope="module")
def letter(front_door: Pressroom) -> str:
    """The id of the dead letter of a paid order, whose error holds all that is hard to show."""
    front_door.buy(id=ORDER)
    front_door.buy(amount_subtotal=100)
    now = datetime.now(UTC)

    async def record() -> None:
        db = Database(front_door.env["MONGODB_URL"])
        await record_dead_errand(db, ORDER, "complete_order", "No.", ERROR, TRACEBACK, now, fails=False)
        await db.close()

    asyncio.run(record())
    return f"{ORDER}:complete_order:{int(now.timestamp())}"


def environment(front_door: Pressroom, **env: str) -> dict[str, str]:
    """Return the settings of the installation that is listed."""
    return {**outer_environment(), **front_door.stack.env, **front_door.env, **env}


def cells(text: str) -> int:
    """Return the width of a text on a screen."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


@pytest.mark.parametrize("env", [{"COLUMNS": "20"}, {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1"}], ids=str)
def test_a_row_is_one_line_where_there_is_no_screen(
    front_door: Pressroom, letter: str, env: dict[str, str]
) -> None:
    """Piped, ids are whole, columns aligned, texts on their line and literal; nothing styles or moves a cursor."""
    code, out, _ = run(environment(front_door, **env), PRESSROOM, "dead", "list")
    head, row = out.splitlines()
    assert code == 0
    assert row.startswith(f"{letter}  {ORDER}  ")
    assert all(word in row for word in WORDS)
    assert r"\x1b[31m[red]" in row
    assert r"\x9b1m\u202e" in row
    assert out.replace("\n", "").isprintable()
    place = head.index("attempts")
    assert cells(row[: row.index("  1  ")]) + 2 == place
    code, out, _ = run(environment(front_door, **env), PRESSROOM, "orders", "list")
    assert [len(line.split("  ")[0]) > 8 for line in out.splitlines()[1:]] == [True, True]


def test_json_is_whole_where_not_every_letter_can_be_written(front_door: Pressroom, letter: str) -> None:
    """A terminal of an older encoding gets escapes, which every reader of JSON understands."""
    env = environment(front_door, PYTHONIOENCODING="latin-1")
    code, out, err = run_cold(env, PRESSROOM, "dead", "show", letter, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["error"] == ERROR


def test_what_is_shown_alone_has_a_field_a_line(front_door: Pressroom, letter: str) -> None:
    """Piped, `dead show` and `orders show` hold whole ids and literal texts; a traceback has lines of its own."""
    for args in (("dead", "show", letter), ("orders", "show", ORDER)):
        out = front_door.cli(*args)
        assert letter in out
        assert out.replace("\n", "").isprintable()
    shown = front_door.cli("dead", "show", letter).splitlines()
    assert [line.split()[0] for line in shown[:4]] == ["id", "kind", "order", "product"]
    assert shown[-4:] == ["", "Raised:", r"  in \x1b[2J a file", "No way"]


@pytest.mark.parametrize("width", [80, 130])
@pytest.mark.parametrize("listed", ["orders", "dead"])
@pytest.mark.parametrize("command", ["list", "show"])
def test_a_screen_shows_ids_whole(
    front_door: Pressroom, letter: str, listed: str, command: str, width: int
) -> None:
    """On a terminal no id is cut or folded, and nothing but an id that needs more goes beyond the width."""
    subject = {"dead": letter, "orders": ORDER}[listed]
    args = [*PRESSROOM, listed, command, *([subject] if command == "show" else [])]
    lines = run_on_terminal(environment(front_door), width, args)
    text = "\n".join(lines)
    assert subject in text
    assert [line for line in lines if cells(line) > width and " " in line.strip()] == []
    assert text.replace("\n", "").isprintable()
    assert "…" not in text


def test_a_wide_screen_wraps_texts_beside_ids(front_door: Pressroom, letter: str) -> None:
    """With room for the ids and some more, a row stays a row, and only its text goes on below itself."""
    head, *rows = run_on_terminal(environment(front_door), 260, [*PRESSROOM, "dead", "list"])
    assert head.split() == ["id", "order", "step", "error", "attempts", "state", "at"]
    assert rows[0].startswith(f"{letter}  {ORDER}  ")
    assert all(line[: head.index("error")].strip() == "" for line in rows[1:])
    assert all(word in " ".join(rows) for word in WORDS)


def test_a_narrow_screen_has_ids_above_the_rest(front_door: Pressroom, letter: str) -> None:
    """At 80 columns an order's id stands alone, and what there is to say of the order below it, nothing cut."""
    lines = run_on_terminal(environment(front_door), 80, [*PRESSROOM, "orders", "list"])
    place = lines.index(ORDER)
    assert [line.split()[0] for line in lines[place + 1 : place + 4]] == ["state", "product", "placed"]
    assert "    attention  The session's price is not that of life_clarity." in lines


def test_events_of_other_shops_are_listed_with_the_reason(front_door: Pressroom) -> None:
    """What was ignored can be looked at, the newest first, without what customers wrote in it."""
    events = [front_door.event(metadata={"invoice": "7"}) for _ in range(2)]
    for event in events:
        assert front_door.send(event).status_code == 200
    newest = front_door.json("events", "list")[0]
    assert (newest["id"], newest["reason"]) == (events[1]["id"], "Nothing in it is ours.")
    assert newest["about"][0] == events[1]["data"]["object"]["id"]
    assert "raw" not in newest
    assert front_door.json("events", "list", "--state", "failed") == []
