"""Products and the plans that they come to."""

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from actors.products.catalogue import OFFERS, PRODUCTS, question_of, said_answers, sell, sell_together
from actors.products.checks import PlanIsWrong
from actors.products.definition import Chapter, Limits, Pace, Product, Section, Theme
from actors.products.personal_horoscope.sky import sun_wheel
from actors.products.plans import plan_of
from actors.products.questions import BIRTH_DATE, NAME
from actors.reports.replay import following
from actors.reports.write_section import composed, summarised
from storage.records.plans import PlannedStep
from tests.products.home_energy.product import HEATING
from tests.products.home_energy.product import PRODUCT as HOME_ENERGY
from tests.products.selling import catalogue_kept

BOOK = PRODUCTS["life_clarity"]
A, B, C = Section("a", "A"), Section("b", "B", after=("a",)), Section("c", "C", after=("a", "b"), brief="a")
PART = (Chapter("part", "Part", subtitle="In two"), Chapter("a", "A", ("a",), under="part"))
REST = (Chapter("b", "B", ("b",), under="part"), Chapter("c", "C", ("c",)))


@pytest.fixture
def small(tmp_path: Path) -> Product:
    """Build a product of two sections and a third one after it, which shares the first one's brief."""
    (tmp_path / "prompts").mkdir()
    for name in ("instructions", "a", "b"):
        (tmp_path / "prompts" / f"{name}.md").write_text(f"The words of {name}.")
    return replace(BOOK, folder=tmp_path, sections=(A, B, C), chapters=(*PART, *REST))


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


def test_sections_of_one_kind_share_a_brief(small: Product) -> None:
    """A section brings the words of the brief that it names, or of the one that has its own id."""
    steps = plan_of(small)["steps"]
    assert steps["write-c"]["brief"] == steps["write-a"]["brief"] == "The words of a."
    assert steps["write-b"]["brief"] == "The words of b."


def test_a_chapter_without_sections_opens_a_part(small: Product) -> None:
    """An opener is a chunk that needs nothing; the parts are numbered in the place of the chapters."""
    steps = plan_of(small)["steps"]
    assert steps["assemble"]["needs"] == [f"render-{name}" for name in ("part", "a", "b", "c")]
    opener = steps["render-part"]
    assert (opener["needs"], opener["titles"], opener["subtitle"]) == ([], [], "In two")
    levels = {
        name: (steps[f"render-{name}"]["number"], steps[f"render-{name}"]["level"]) for name in ("part", "a", "c")
    }
    assert levels == {"part": (1, 1), "a": (None, 2), "c": (None, 1)}


def test_chapters_are_numbered_where_there_are_no_parts() -> None:
    """A book without openers counts its chapters."""
    steps = plan_of(BOOK)["steps"].values()
    assert [step["number"] for step in steps if step["kind"] == "render"] == [1, 2, 3, 4]


def test_a_plan_says_how_long_a_step_may_take(small: Product) -> None:
    """The limits are in the plan, by kind of step, in seconds."""
    limits = plan_of(replace(small, limits=Limits(write_s=7.0)))["limits"]
    assert limits == {"write": 7.0, "render": 120.0, "assemble": 300.0, "compute": 60.0}
    assert set(limits) == {name.removesuffix("_s") for name in asdict(Limits())}


def test_another_pace_is_another_plan(small: Product) -> None:
    """A product at another pace is written beside itself: the plan has an id of its own, and the same steps."""
    plan, slow = plan_of(small), plan_of(replace(small, pace=Pace(max_in_flight=1, gap_s=2.0)))
    assert (slow["bounds"]["write"], slow["gap_s"]["write"]) == (1, 2.0)
    assert (slow["_id"] == plan["_id"], slow["steps"] == plan["steps"]) == (False, True)


def follower(count: int) -> tuple[Section, ...]:
    """Return that many sections, and one that follows all of them."""
    first = tuple(Section(f"s{number}", "S", brief="a") for number in range(count))
    return (*first, Section("last", "L", after=tuple(section.id for section in first), brief="a"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sections": (A, A, C)}, "two sections have the id a"),
        ({"chapters": (*PART, *PART[:1], *REST)}, "two chapters have the id part"),
        ({"sections": (A, B, replace(C, id="C!"))}, "'C!' is no id"),
        ({"chapters": (replace(PART[0], id="Teil Ä"), *PART[1:], *REST)}, "'Teil Ä' is no id"),
        ({"name": "Small-Book"}, "'Small-Book' is no id"),
        ({"sections": (A, replace(B, after=("x",)), C)}, "b follows x, which is no section"),
        ({"sections": (replace(A, after=("b",)), B, C)}, "a follows b, which does not come before it"),
        ({"sections": (A, replace(B, after=("b",)), C)}, "b follows b, which does not come before it"),
        ({"sections": (A, replace(B, after=("a", "a")), C)}, "b follows a twice"),
        ({"sections": follower(15)}, "last follows 15 sections, more than 14"),
        ({"chapters": (*PART, REST[0])}, "hold each section once, in order"),
        ({"chapters": (*PART, *REST, Chapter("d", "D", ("a",)))}, "hold each section once, in order"),
        ({"chapters": (PART[0], REST[0], PART[1], REST[1])}, "hold each section once, in order"),
        ({"chapters": (*PART[1:], PART[0], *REST)}, "a is under part, which is not the opener before it"),
        ({"chapters": (*PART, replace(REST[0], under=""), replace(REST[1], under="part"))}, "c is under part"),
        ({"chapters": (*PART, Chapter("inner", "I", under="part"), *REST)}, "inner is under part"),
        ({"chapters": (*PART, REST[0], replace(REST[1], title=""))}, "c has no title, and is under no opener"),
        (
            {"chapters": (*PART, replace(REST[0], chart=partial(sun_wheel, 1)), REST[1])},
            "b has a chart, and is no opener",
        ),
        (
            {"chapters": (*PART, replace(REST[0], after=("a",)), REST[1])},
            "the chapter b follows a, and has no chart to be given it",
        ),
        (
            {"chapters": (replace(PART[0], chart=partial(sun_wheel, 1), after=("x",)), *PART[1:], *REST)},
            "the chapter part follows x, which is no section",
        ),
        (
            {"chapters": (replace(PART[0], chart=partial(sun_wheel, 1), after=("a", "a")), *PART[1:], *REST)},
            "the chapter part follows a twice",
        ),
        ({"sections": (A, B, replace(C, brief="d"))}, "there is no d.md among its prompts"),
        ({"folder": Path(__file__).parent}, "there is no instructions.md"),
        ({"price": 0}, "price is not above nothing"),
        ({"promise_s": 0}, "promise is not after the payment"),
        ({"pace": Pace(0)}, "pace is below one call"),
        ({"pace": Pace(1, -1.0)}, "pause below nothing"),
        ({"limits": Limits(render_s=0)}, "limit for render is not above nothing"),
        ({"needed": (NAME, NAME)}, "asks for name twice"),
        ({"needed": (NAME,), "optional": (NAME,)}, "asks for name twice"),
        ({"needed": (replace(NAME, id="email"),)}, "'email' is no id of a question"),
        ({"accepts": (replace(NAME, id="answers.x"),)}, "'answers.x' is no id of a question"),
        (
            {"optional": (replace(BIRTH_DATE, sample="soon"),)},
            "the sample of the question birth_date is no answer",
        ),
        (
            {"needed": (replace(HEATING, words={"en": "Heating"}),)},
            "the words of the question heating are not all in the same languages",
        ),
        (
            {"needed": tuple(replace(NAME, id=f"q{number}") for number in range(16))},
            "has 22 questions, more than 16",
        ),
        ({"theme": Theme("teal", "#ffffff")}, "'teal' is no colour"),
    ],
)
def test_a_definition_that_cannot_be_carried_out_is_refused(
    small: Product, changes: dict[str, Any], reason: str
) -> None:
    """A contradiction in a product is found when it is put on sale, and one sentence says what it is."""
    with pytest.raises(PlanIsWrong, match=reason) as refused:
        sell(replace(small, **changes))
    assert str(refused.value).startswith(f"{changes.get('name', small.name)}: ")
    assert str(refused.value).count("\n") == 0


def test_a_bundle_asks_each_question_of_its_products_once(small: Product) -> None:
    """What one of them needs is needed, though it is optional to another. Two questions have no common id."""
    lighter = replace(small, name="lighter", needed=(NAME,), optional=(HEATING,), accepts=())
    heated = replace(small, name="heated", needed=(HEATING, NAME), optional=(BIRTH_DATE,), accepts=())
    other = replace(small, name="other", needed=(replace(HEATING, sample="oil"),))
    with catalogue_kept():
        sell_together("both", "Both", "Two", 100, (lighter, heated))
        offer = OFFERS["both"]
        assert (list(offer.needed), list(offer.asked)) == (["name", "heating"], ["name", "heating", "birth_date"])
        assert list(offer.questions) == ["name", "heating", "birth_date", "language"]
        with pytest.raises(PlanIsWrong, match=r"both: two of its .* by the id heating"):
            sell_together("both", "Both", "Two", 100, (heated, other))


def test_answers_of_an_older_order_are_said_as_they_are() -> None:
    """A question that is asked no more, an option that is offered no more, and an offer that is sold no more."""
    kept = {"shoe_size": "43", "heating": "coal", "name": "Ada"}
    with catalogue_kept():
        sell(HOME_ENERGY)
        assert said_answers("home_energy", {**kept, "floor_area": "95.5"}) == {**kept, "floor_area": "95.5 m²"}
        assert question_of("home_energy", "shoe_size").words == "Shoe size"
    assert said_answers("home_energy", kept) == kept


def test_a_replay_takes_along_what_follows() -> None:
    """From a step on, all that need it, directly or not, are made again, and nothing else."""
    needs: dict[str, list[str]] = {"a": [], "b": [], "c": ["a"], "d": ["c", "b"]}
    assert following(needs, ["a"]) == {"a", "c", "d"}
    assert following(needs, ["b"]) == {"b", "d"}


def test_a_summary_is_the_first_paragraph_in_400_characters() -> None:
    """Headings are passed over, and a long paragraph is cut at a word."""
    assert summarised("### Title\n\nFirst *words*\nhere.\n\nMore.") == "First *words* here."
    cut = summarised("word " * 200)
    assert len(cut) <= 400
    assert cut.endswith("word…")


def test_a_request_holds_title_brief_summaries_and_answers() -> None:
    """What varies from section to section is in the input, the customer's own words last."""
    step: PlannedStep = {
        "key": "write-a",
        "kind": "write",
        "needs": [],
        "seq": 0,
        "title": "Title",
        "brief": "Brief.",
    }
    values = [("Passages", "<b>Known</b>")]
    text = composed(step, {"name": "Ada"}, summaries=[("Earlier", "It said so.")], values=values)
    words = ("Title", "Brief.", "Earlier: It said so.", "## Passages\n\n‹b›Known‹/b›", "<name>Ada</name>")
    parts = [text.index(word) for word in words]
    assert parts == sorted(parts)
