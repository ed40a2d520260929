"""Definition of a product: the terms in which a developer writes one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple

from actors.products.questions import LANGUAGE, Question, by_id
from infra.charts import Chart
from storage.records.plans import StepKind

#: Efforts of reasoning, as OpenAI names them. Not every model takes each.
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


@dataclass(frozen=True)
class Section:
    """One LLM call: a titled text of the report.

    `after` names the sections whose summaries it receives as context, and the computations whose values it
    receives. Its brief is `prompts/{brief}.md`, or `prompts/{id}.md` if none is named. Sections of one kind share
    a brief, and are told apart by their titles.
    """

    id: str
    title: str
    after: tuple[str, ...] = ()
    brief: str = ""

    @property
    def brief_name(self) -> str:
        """The name of the prompt file that holds its brief."""
        return self.brief or self.id


class Found(NamedTuple):
    """Input of a computation: the customer's answers, and by id the texts and values of the parts it follows."""

    answers: Mapping[str, str]
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Computation:
    """Pure function of the customer's answers and of the parts it follows. It gives the same result each time.

    It makes no LLM call. `run` is called in a child process, so it is a function at the top of a module. It
    returns a value that JSON can hold, which is kept and retried like a section. `after` names the sections and
    computations that it follows. A text may stand in a chapter, under `title`.
    """

    id: str
    run: Callable[[Found], Any]
    after: tuple[str, ...] = ()
    title: str = ""


class Occasion(NamedTuple):
    """Input of a chart: the customer's answers, as they were given, and the day of the payment.

    `values` are the texts and values of the parts that its chapter follows, by id.
    """

    answers: Mapping[str, str]
    day: date
    values: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Chapter:
    """Sections (or computed texts) that are set together: one chunk of the book, one entry of its contents.

    Without a title its sections run on: each begins beneath the one before, and is an entry of its own.
    Without sections it is an opener: the title page of a part, with `subtitle` below its title. It may bear the
    picture of the order that `chart`, a pure function, draws. `after` names the computations and sections whose
    values and texts the chart receives. `under` names the opener beneath which the contents list a chapter.
    """

    id: str
    title: str = ""
    sections: tuple[str, ...] = ()
    subtitle: str = ""
    under: str = ""
    chart: Callable[[Occasion], Chart] | None = None
    after: tuple[str, ...] = ()

    def draw(self, occasion: Occasion) -> Chart | None:
        """Return its chart. None if it has none, or if what it follows is not there.

        A report that was begun when the chapter did not follow a part yet does not wait for that part.
        """
        if self.chart is None or not occasion.values.keys() >= set(self.after):
            return None
        return self.chart(occasion)


def chapter_of(section: Section) -> Chapter:
    """Return a chapter of that section alone, under its title."""
    return Chapter(section.id, section.title, (section.id,))


class Part(NamedTuple):
    """Part of a long book: its opener, and sections that run on behind it."""

    opener: Chapter
    sections: tuple[Section, ...]

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        """The opener, and beneath it one chapter of all sections."""
        sections = tuple(section.id for section in self.sections)
        return (self.opener, Chapter(f"{self.opener.id}_text", sections=sections, under=self.opener.id))


@dataclass(frozen=True)
class Pace:
    """Bounds of a report's LLM calls: at most `max_in_flight` at once, a pause of `gap_s` after each."""

    max_in_flight: int
    gap_s: float = 0.0


@dataclass(frozen=True)
class Limits:
    """Soft limits in seconds, by kind of step. A step that takes longer is released and tried again.

    Each is longer than any step that goes as it should, and shorter than the hour after which a message is given
    up.

    A section's first answer takes at most LLM_TIMEOUT_S, 480 s, after up to 60 s in line; the rest is its records,
    and answers after the first have no limit but their own. A chapter's child process is killed after 60 s of a
    processor; the rest is waiting for a free one and storing. A book's child is killed after 180 s of one, and the
    rest is fetching its chunks and storing. A computation needs no other server.
    """

    write_s: float = 600.0
    render_s: float = 120.0
    assemble_s: float = 300.0
    compute_s: float = 60.0

    def by_kind(self) -> dict[StepKind, float]:
        """Return the limits as a plan holds them: seconds by the kind of step."""
        return {
            "write": self.write_s,
            "render": self.render_s,
            "assemble": self.assemble_s,
            "compute": self.compute_s,
        }


@dataclass(frozen=True)
class Theme:
    """Colours of a product in the house style, each as `#rrggbb`."""

    accent: str
    tint: str


@dataclass(frozen=True)
class Product:
    """Report that can be bought.

    `price` is in US cents. `promise_s` is the number of seconds after the payment within which the report is
    promised. `folder` holds its prompts. Without an `effort` of reasoning the model's own is left to it.

    The shop asks the questions that are `needed`, without whose answers nothing is written, and those that are
    `optional`. It asks none that the product only `accepts`: their answers are used where a session brings them.
    """

    name: str
    title: str
    subtitle: str
    price: int
    promise_s: int
    needed: tuple[Question, ...]
    sections: tuple[Section, ...]
    chapters: tuple[Chapter, ...]
    pace: Pace
    theme: Theme
    folder: Path
    limits: Limits = Limits()
    effort: Effort | None = None
    computations: tuple[Computation, ...] = ()
    optional: tuple[Question, ...] = ()
    accepts: tuple[Question, ...] = ()

    @property
    def questions(self) -> dict[str, Question]:
        """By their ids the questions whose answers are used, wherever these come from."""
        return by_id((*self.needed, *self.optional, *self.accepts, LANGUAGE))

    @property
    def parts(self) -> tuple[Section | Computation, ...]:
        """All sections and computations of the report. Their ids are unique together."""
        return (*self.sections, *self.computations)

    def step_keys(self) -> dict[str, str]:
        """Return the keys of the steps of sections and computations, by the ids of these."""
        computed = {one.id: f"compute-{one.id}" for one in self.computations}
        return computed | {section.id: f"write-{section.id}" for section in self.sections}

    def prompt(self, name: str) -> str:
        """Return the text of one prompt file."""
        return self.prompt_file(name).read_text(encoding="utf-8").strip()

    def prompt_file(self, name: str) -> Path:
        """Return the path of the prompt of that name."""
        return self.folder / "prompts" / f"{name}.md"
