"""`make specimen`: leaves what MongoDB holds of two orders by this version, for later versions to work on.

One is delivered. The other was being written when every process was killed.
"""

import tomllib
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from bson import json_util
from pymongo.database import Database

from actors.products.catalogue import PRODUCTS
from infra.local.stack import Stack
from tests.pressroom import Pressroom

FOLDER = Path(__file__).parent.parent / "fixtures" / "versions"
_ROOT = Path(__file__).parent.parent.parent
_OPTIONS = json_util.CANONICAL_JSON_OPTIONS.with_options(tz_aware=True, tzinfo=UTC)

_SECTIONS = len(PRODUCTS["life_clarity"].sections)

Documents = dict[str, list[dict[str, Any]]]


class Specimen(NamedTuple):
    """Documents by their collections, and the two orders among them."""

    documents: Documents
    delivered: str
    under_way: str


def capture(pressroom: Pressroom) -> dict[str, Any]:
    """Buy two orders, and return what is left of them once the processes are dead."""
    pressroom.start_missing()
    delivered = pressroom.buy()
    pressroom.until_delivered(delivered)
    pressroom.stack.llm.add_fault(kind="hang", section="where_you_stand", seconds=60)
    under_way = pressroom.buy()
    written = {"order": under_way, "kind": "write", "state": "done"}
    pressroom.until("all sections but one", lambda: pressroom.db.steps.count_documents(written) == _SECTIONS - 1)
    for part in pressroom.parts:
        part.kill()
    names = sorted(pressroom.db.list_collection_names())
    documents = {name: found for name in names if (found := [*pressroom.db[name].find()])}
    facts = {"at": datetime.now(UTC), "delivered": delivered, "under_way": under_way}
    return {**facts, "documents": documents}


def read(file: Path) -> Specimen:
    """Return a specimen as if it had been left just now, with orders of its own."""
    found = json_util.loads(file.read_text(encoding="utf-8"), json_options=_OPTIONS)
    age = datetime.now(UTC) - found["at"]
    documents = changed(found["documents"], lambda one: one + age if isinstance(one, datetime) else one)
    delivered, under_way = (f"cs_test_{uuid.uuid4().hex}" for _ in range(2))
    documents = changed(documents, lambda one: replaced(one, found["delivered"], delivered))
    documents = changed(documents, lambda one: replaced(one, found["under_way"], under_way))
    return Specimen(documents, delivered, under_way)


def changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return a value with everything that it holds changed, keys aside."""
    match value:
        case dict():
            return {key: changed(one, change) for key, one in value.items()}
        case list():
            return [changed(one, change) for one in value]
    return change(value)


def replaced(value: Any, old: str, new: str) -> Any:
    """Return a text with one part replaced; what is no text stays as it is."""
    return value.replace(old, new) if isinstance(value, str) else value


def put(documents: Documents, database: Database[dict[str, Any]]) -> None:
    """Put documents into an empty database."""
    for name, found in documents.items():
        database[name].insert_many(found)


def main() -> None:
    """Write the specimen of this version."""
    version = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]["version"]
    with TemporaryDirectory() as folder, Stack(Path(folder), latency_s=0.05) as stack, Pressroom(stack) as running:
        stack.llm.set_brevity(brief=True)
        left = capture(running)
    FOLDER.mkdir(exist_ok=True)
    text = json_util.dumps(left, json_options=_OPTIONS, ensure_ascii=False)
    (FOLDER / f"{version}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
