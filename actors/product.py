"""What a product is: the words a developer uses to define one."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from infra.errors import PressroomError


class PlanIsWrong(PressroomError):
    """A product's definition contradicts itself; raised when it is imported."""


@dataclass(frozen=True)
class Section:
    """One LLM call: a titled text of the report.

    `after` names the sections whose summaries it receives as context. Its brief is `prompts/{id}.md`.
    """

    id: str
    title: str
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chapter:
    """Sections that are set together: one chunk of the book, one entry of its contents."""

    id: str
    title: str
    sections: tuple[str, ...]


@dataclass(frozen=True)
class Pace:
    """Bounds a report's LLM calls: at most `max_in_flight` at once, a pause of `gap_s` after each."""

    max_in_flight: int
    gap_s: float = 0.0


@dataclass(frozen=True)
class Theme:
    """A product's colours in the house style, as CSS colours."""

    accent: str
    tint: str


@dataclass(frozen=True)
class Product:
    """A report that can be bought. `price` is in US cents; `folder` holds its prompts."""

    name: str
    title: str
    subtitle: str
    price: int
    needed: tuple[str, ...]
    sections: tuple[Section, ...]
    chapters: tuple[Chapter, ...]
    pace: Pace
    theme: Theme
    folder: Path

    def __post_init__(self) -> None:
        """Refuse a definition that could not be written: PlanIsWrong says why."""
        ids = [section.id for section in self.sections]
        if len(set(ids)) != len(ids):
            raise PlanIsWrong(f"{self.name} has two sections of one id.")
        known: set[str] = set()
        for section in self.sections:
            if missing := set(section.after) - known:
                raise PlanIsWrong(f"{self.name}.{section.id} follows {missing}, which do not come before it.")
            known.add(section.id)
        if [section for chapter in self.chapters for section in chapter.sections] != ids:
            raise PlanIsWrong(f"The chapters of {self.name} do not hold each section once, in order.")
        for file in (self.folder / "prompts" / f"{name}.md" for name in ("instructions", *ids)):
            if not file.is_file():
                raise PlanIsWrong(f"{self.name} has no {file.name} among its prompts.")

    @cached_property
    def instructions(self) -> str:
        """The static part of every prompt: the same bytes for each section, so that it is cached."""
        return self.prompt("instructions")

    def prompt(self, name: str) -> str:
        """The text of one prompt file."""
        return (self.folder / "prompts" / f"{name}.md").read_text(encoding="utf-8").strip()
