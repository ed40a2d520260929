"""A deploy and its rollback: records of an older version and of a newer one, in the hands of this one."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from actors.products.plans import FORMATS
from infra.local.stack import Stack
from tests.faults.test_lost_books import click, until_printed
from tests.pressroom import Pressroom
from tests.upgrades.specimen import FOLDER, Documents, Specimen, changed, put, read, replaced

ROOT = Path(__file__).parent.parent.parent
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
LEFT = sorted(FOLDER.glob("*.json"))
#: A form of plan that nobody here knows.
LATER = FORMATS[-1] + 1
#: What a later version adds to each document.
NOVELTY = {"of_a_later_version": {"list": [1, 2], "none": None}}


@pytest.fixture
def processes(stack: Stack) -> Iterator[Pressroom]:
    """No process yet, on an empty database."""
    with Pressroom(stack) as running:
        yield running
        stack.llm.set_brevity(brief=True)


def sections_written(documents: Documents, order: str) -> set[str]:
    """Return the sections of an order that a specimen has the text of."""
    steps = [step for step in documents["steps"] if (step["order"], step["kind"]) == (order, "write")]
    return {step["section"] for step in steps if step["state"] == "done"}


def finish(running: Pressroom, specimen: Specimen) -> None:
    """Start this version's processes, which finish the order under way without buying its sections again."""
    # The letters of both orders go to the customers that the specimen knows.
    (order,) = (one for one in specimen.documents["orders"] if one["_id"] == specimen.under_way)
    running.email = order["email"]
    running.start_missing()
    assert running.until_delivered(specimen.under_way)["state"] == "delivered"
    calls = Counter(request.section for request in running.stack.llm.requests(order=specimen.under_way))
    assert calls.keys().isdisjoint(sections_written(specimen.documents, specimen.under_way))
    assert set(calls.values()) == {1}
    assert running.book(specimen.under_way).startswith(b"%PDF")


@pytest.mark.short
def test_this_version_has_left_a_specimen() -> None:
    """A release is not complete without the records that later ones are tried on: `make specimen`."""
    assert FOLDER / f"{VERSION}.json" in LEFT


@pytest.mark.parametrize("file", LEFT, ids=lambda file: str(file.stem))
def test_work_of_another_version_is_finished(processes: Pressroom, file: Path) -> None:
    """An order that it began is delivered, nothing is bought again, and a link that it mailed brings a book."""
    specimen = read(file)
    put(specimen.documents, processes.db)
    finish(processes, specimen)
    link = f"{processes.order(specimen.delivered)['url']}/reports/life_clarity.pdf"
    assert click(link).status_code == 503
    assert until_printed(processes, link).startswith(b"%PDF")
    processes.cli("audit", "--since", "1d", "--no-stripe")  # the till here has orders of other tests


def of_later_version(specimen: Specimen) -> tuple[Documents, str]:
    """Return documents with keys that nobody here knows, and an order whose plan nobody here can carry out."""
    old, new = specimen.under_way, "cs_test_of_a_later_version"
    documents: Documents = deepcopy(specimen.documents)
    (plan,) = documents["plans"]
    further = {"_id": f"{plan['_id']}-later", "format": LATER}
    documents["plans"].append(
        {**plan, **further, "steps": {key: {**one, **NOVELTY} for key, one in plan["steps"].items()}}
    )
    for name, facts in (
        ("orders", {"token": "of-a-later-version", "payment_intent": "pi_of_a_later_version"}),
        ("reports", {"plan": further["_id"]}),
        ("steps", {"plan": further["_id"], "format": LATER}),
    ):
        copies = [one for one in documents[name] if one["_id"].startswith(old)]
        documents[name] += [{**changed(one, lambda it: replaced(it, old, new)), **facts} for one in copies]
    documents["things_of_a_later_version"] = [{}]
    return {name: [{**one, **NOVELTY} for one in found] for name, found in documents.items()}, new


def test_a_rollback_leaves_alone_what_it_does_not_know(processes: Pressroom) -> None:
    """Unknown keys, indexes and collections stay; plans of a newer form wait for its workers, and fail nothing."""
    specimen = read(FOLDER / f"{VERSION}.json")
    documents, new = of_later_version(specimen)
    put(documents, processes.db)
    for name in documents:
        processes.db[name].create_index("of_a_later_version.list")
    finish(processes, specimen)
    alerts = {"order": new, "kind": "no_worker", "text": {"$regex": f"plan format {LATER}"}}
    processes.until("an alert", lambda: processes.db.alerts.count_documents(alerts))
    for name in ("orders", "reports", "steps", "events", "ledger", "plans", "things_of_a_later_version"):
        assert processes.db[name].count_documents(NOVELTY) == len(documents[name]), name
        assert "of_a_later_version.list_1" in processes.db[name].index_information()
    waiting = {step["state"] for step in processes.db.steps.find({"order": new})}
    assert waiting <= {"waiting", "ready", "queued", "done"}
    assert processes.order(new)["state"] == "generating"
    assert processes.db.dead_letters.count_documents({}) == 0
