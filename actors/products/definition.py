"""What a product is: the words a developer uses to define one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from infra.charts import Wheel


@dataclass(frozen=True)
class Section:
    """One LLM call: a titled text of the report.

    `after` names the sections whose summaries it receives as context, and the computations whose values. Its
    brief is `prompts/{brief}.md`, or
    `prompts/{id}.md` if none is named: sections of one kind share a brief, and their titles tell them apart.
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
    """What a computation may know: the customer's answers, and by id the texts and values of what it follows."""

    answers: Mapping[str, str]
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Computation:
    """A pure function of the customer's answers and of what it follows: no LLM call, and the same again each time.

    `run` is called in a child process, so it is a function at the top of a module; it returns what JSON can hold,
    and is kept and retried like a section. What it follows, `after`, may be sections and computations. A text
    may stand in a chapter, under `title`.
    """

    id: str
    run: Callable[[Found], Any]
    after: tuple[str, ...] = ()
    title: str = ""


class Occasion(NamedTuple):
    """What a chart may know: the customer's answers, as they were given, and the day of the payment."""

    answers: Mapping[str, str]
    day: date


@dataclass(frozen=True)
class Chapter:
    """Sections (or computed texts) that are set together: one chunk of the book, one entry of its contents.

    Without sections it is an opener: the title page of a part, with `subtitle` below its title, and the picture
    that `chart`, a pure function, draws of the order. `under` names the opener beneath which the contents list a
    chapter.
    """

    id: str
    title: str
    sections: tuple[str, ...] = ()
    subtitle: str = ""
    under: str = ""
    chart: Callable[[Occasion], Wheel] | None = None


def chapter_of(section: Section, *, under: str = "") -> Chapter:
    """Return the chapter that holds that section alone, and bears its name."""
    return Chapter(section.id, section.title, (section.id,), under=under)


class Part(NamedTuple):
    """A part of a long book: its opener, and sections that are a chapter each."""

    opener: Chapter
    sections: tuple[Section, ...]

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        """The opener, and beneath it the sections' own."""
        return (self.opener, *(chapter_of(section, under=self.opener.id) for section in self.sections))


@dataclass(frozen=True)
class Pace:
    """Bounds a report's LLM calls: at most `max_in_flight` at once, a pause of `gap_s` after each."""

    max_in_flight: int
    gap_s: float = 0.0


@dataclass(frozen=True)
class Limits:
    """Soft limits in seconds, by kind of step: one that takes longer is released and tried again.

    Each is longer than anything that goes as it should, and shorter than the hour after which a message is
    given up. A section: three answers of at most 120 s each, each after up to 60 s in line, the quick tries before
    them (30 s), its records; where LLM_TIMEOUT_S is greater, it must be greater too. A chapter: its child process
    is killed after 60 s of a processor, the rest is waiting for a free one and storing. A book: its child is
    killed after 180 s of one, the rest is fetching its chunks and storing. A computation needs no other server.
    """

    write_s: float = 600.0
    render_s: float = 120.0
    assemble_s: float = 300.0
    compute_s: float = 60.0

    def by_kind(self) -> dict[str, float]:
        """The limits as a plan holds them: seconds by the kind of step."""
        return {
            "write": self.write_s,
            "render": self.render_s,
            "assemble": self.assemble_s,
            "compute": self.compute_s,
        }


@dataclass(frozen=True)
class Theme:
    """A product's colours in the house style, each as `#rrggbb`."""

    accent: str
    tint: str


@dataclass(frozen=True)
class Product:
    """A report that can be bought.

    `price` is in US cents; `promise_s` is how many seconds after the payment the report is promised for; `folder`
    holds its prompts.
    """

    name: str
    title: str
    subtitle: str
    price: int
    promise_s: int
    needed: tuple[str, ...]
    sections: tuple[Section, ...]
    chapters: tuple[Chapter, ...]
    pace: Pace
    theme: Theme
    folder: Path
    limits: Limits = Limits()
    computations: tuple[Computation, ...] = ()

    @property
    def parts(self) -> tuple[Section | Computation, ...]:
        """All that is found out for the report, by calls and by computations; their ids are unique together."""
        return (*self.sections, *self.computations)

    def step_keys(self) -> dict[str, str]:
        """The keys of the steps that find something out, by the ids of sections and computations."""
        computed = {one.id: f"compute-{one.id}" for one in self.computations}
        return computed | {section.id: f"write-{section.id}" for section in self.sections}

    def prompt(self, name: str) -> str:
        """The text of one prompt file."""
        return self.prompt_file(name).read_text(encoding="utf-8").strip()

    def prompt_file(self, name: str) -> Path:
        """Where the prompt of that name is."""
        return self.folder / "prompts" / f"{name}.md"
