"""Products and the plans that they come to."""

from dataclasses import replace
from pathlib import Path

import pytest

from actors.catalogue import PRODUCTS
from actors.engine.plans import plan_of
from actors.engine.replay import following
from actors.product import Chapter, PlanIsWrong, Section
from actors.write_section import composed, summarised

BOOK = PRODUCTS["life_clarity"]


def test_a_plan_is_every_section_every_chapter_and_the_assembly() -> None:
    """Each section is one call, each chapter needs its sections, the assembly needs the chapters, in order."""
    steps = list(plan_of(BOOK)["steps"].values())
    assert [step["kind"] for step in steps] == ["write"] * 4 + ["render"] * 4 + ["assemble"]
    assert [step["seq"] for step in steps] == list(range(9))
    assert steps[4]["needs"] == [steps[0]["key"]]
    assert steps[8]["needs"] == [step["key"] for step in steps[4:8]]


def test_a_plans_id_names_its_content() -> None:
    """The same definition has the same id, another word or pace another one."""
    assert plan_of(BOOK)["_id"] == plan_of(BOOK)["_id"]
    assert plan_of(replace(BOOK, subtitle="Another"))["_id"] != plan_of(BOOK)["_id"]


@pytest.mark.parametrize(
    ("sections", "chapters", "reason"),
    [
        (("a", "a"), ("a", "a"), "two sections"),
        (("a", "b"), ("a",), "hold each section once"),
        (("missing",), ("missing",), "missing.md"),
    ],
)
def test_a_definition_that_cannot_be_written_is_refused(
    tmp_path: Path, sections: tuple[str, ...], chapters: tuple[str, ...], reason: str
) -> None:
    """A contradiction in a product is found when it is imported, and says what it is."""
    (tmp_path / "prompts").mkdir()
    for name in ("instructions", "a", "b"):
        (tmp_path / "prompts" / f"{name}.md").write_text("x")
    with pytest.raises(PlanIsWrong, match=reason):
        replace(
            BOOK,
            folder=tmp_path,
            sections=tuple(Section(name, name) for name in sections),
            chapters=(Chapter("c", "C", chapters),),
        )


def test_a_section_follows_only_what_comes_before_it(tmp_path: Path) -> None:
    """A cycle or an unknown need cannot be defined."""
    with pytest.raises(PlanIsWrong, match="do not come before"):
        replace(BOOK, sections=(Section("a", "A", after=("b",)), Section("b", "B")), folder=tmp_path)


def test_a_replay_takes_along_what_follows() -> None:
    """From a step on, all that need it, directly or not, are made again, and nothing else."""
    steps = [
        {"_id": "a", "needs": []},
        {"_id": "b", "needs": []},
        {"_id": "c", "needs": ["a"]},
        {"_id": "d", "needs": ["c", "b"]},
    ]
    assert following(steps, ["a"]) == {"a", "c", "d"}
    assert following(steps, ["b"]) == {"b", "d"}


def test_a_summary_is_the_first_paragraph_in_400_characters() -> None:
    """Headings are passed over, and a long paragraph is cut at a word."""
    assert summarised("### Title\n\nFirst *words*\nhere.\n\nMore.") == "First *words* here."
    cut = summarised("word " * 200)
    assert len(cut) <= 400
    assert cut.endswith("word…")


def test_a_request_holds_title_brief_summaries_and_answers() -> None:
    """What varies from section to section is in the input, the customer's own words last."""
    text = composed("Title", "Brief.", {"name": "Ada"}, [("Earlier", "It said so.")])
    parts = [text.index(word) for word in ("Title", "Brief.", "Earlier: It said so.", "<name>Ada</name>")]
    assert parts == sorted(parts)
