"""Checks that a product can be made as it is defined, before it is put on sale."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from graphlib import CycleError, TopologicalSorter
from itertools import chain

from actors.products.answer_types import Choice, Words
from actors.products.definition import Product
from actors.products.questions import Question
from infra.colours import COLOUR
from infra.errors import PressroomError

#: Names become queues, keys of documents and of objects, and anchors in the book.
_NAME = re.compile(r"[a-z0-9_]+")
#: The most sections that a section may follow. Each adds up to 400 characters to its prompt, and fourteen are a
#: page.
_MAX_AFTER = 14
#: Fields of forms, places on their pages, and keys of sessions that say something else.
_TAKEN = {
    *("product", "tenant", "installation", "email"),
    *("form", "form_key", "reason", "step", "sure", "change", "consent", "mark", "reviewed"),
}
#: Beginnings of the fields that settle a doubt about an answer, and of those about a gift.
_BEGINNINGS = ("which_", "gift_")
#: The most questions of an offer. A form has 40 fields at most, two of them may be about one answer, and eight of
#: another kind.
_MAX_QUESTIONS = 16
#: A day on which each sample must be an answer.
_SOMEDAY = datetime(2026, 1, 1, tzinfo=UTC)


class PlanIsWrong(PressroomError):
    """A product's definition contradicts itself. Raised when it is put on sale."""


def refuse_wrong_plan(product: Product) -> None:
    """Check that the definition can be carried out. PlanIsWrong, with the first fault, if it cannot."""
    for check in (_names, _order, _needs, _chapters, _charts, _prompts, _numbers, _questions, _colours):
        wrong = next(check(product), None)
        if wrong is not None:
            raise PlanIsWrong(f"{product.name}: {wrong}")


def refuse_wrong_offer(name: str, products: Iterable[Product]) -> None:
    """Check that the questions of products can be asked together. PlanIsWrong, with the first fault, if not."""
    asked: dict[str, Question] = {}
    for question in chain.from_iterable(product.questions.values() for product in products):
        if asked.setdefault(question.id, question) is not question:
            raise PlanIsWrong(f"{name}: two of its products ask different questions by the id {question.id}.")
    if len(asked) > _MAX_QUESTIONS:
        raise PlanIsWrong(f"{name}: it has {len(asked)} questions, more than {_MAX_QUESTIONS}.")


def _names(product: Product) -> Iterator[str]:
    sections = [one.id for one in product.parts]
    chapters = [chapter.id for chapter in product.chapters]
    for name in (product.name, *sections, *chapters):
        if not _NAME.fullmatch(name):
            yield f"{name!r} is no id, which has lower-case letters, digits and underscores only."
    yield from (f"two sections have the id {name}." for name in _repeated(sections))
    yield from (f"two chapters have the id {name}." for name in _repeated(chapters))


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _needs(product: Product) -> Iterator[str]:
    after = {one.id: one.after for one in product.parts}
    for one, others in after.items():
        yield from (f"{one} follows {other}, which is no section." for other in others if other not in after)
        yield from (f"{one} follows {other} twice." for other in _repeated(others))
        if len(others) > _MAX_AFTER:
            yield f"{one} follows {len(others)} sections, more than {_MAX_AFTER}."
    try:
        TopologicalSorter(after).prepare()
    except CycleError as error:
        yield f"{' follows '.join(reversed(error.args[1]))}, which is a circle."


def _order(product: Product) -> Iterator[str]:
    """Yield a fault for each section before one that it follows: its summary of that one would come too early."""
    places = {section.id: place for place, section in enumerate(product.sections)}
    for section in product.sections:
        for other in section.after:
            if places.get(other, -1) >= places[section.id]:
                yield f"{section.id} follows {other}, which does not come before it."


def _chapters(product: Product) -> Iterator[str]:
    held = list(chain.from_iterable(chapter.sections for chapter in product.chapters))
    titled = {one.id for one in product.computations if one.title}
    if [one for one in held if one not in titled] != [section.id for section in product.sections]:
        yield "its chapters do not hold each section once, in order."
    part = ""
    for chapter in product.chapters:
        if chapter.under and (chapter.under != part or not chapter.sections):
            yield f"the chapter {chapter.id} is under {chapter.under}, which is not the opener before it."
        if not chapter.title and not chapter.under:
            yield f"the chapter {chapter.id} has no title, and is under no opener."
        if not chapter.under:
            part = "" if chapter.sections else chapter.id


def _charts(product: Product) -> Iterator[str]:
    known = {one.id for one in product.parts}
    for chapter in product.chapters:
        which = f"the chapter {chapter.id}"
        if chapter.chart and chapter.sections:
            yield f"{which} has a chart, and is no opener."
        if chapter.after and not chapter.chart:
            yield f"{which} follows {chapter.after[0]}, and has no chart to be given it."
        yield from (f"{which} follows {one}, which is no section." for one in chapter.after if one not in known)
        yield from (f"{which} follows {one} twice." for one in _repeated(chapter.after))


def _prompts(product: Product) -> Iterator[str]:
    for name in ("instructions", *(section.brief_name for section in product.sections)):
        if not product.prompt_file(name).is_file():
            yield f"there is no {name}.md among its prompts."


def _numbers(product: Product) -> Iterator[str]:
    if product.price <= 0:
        yield "its price is not above nothing."
    if product.promise_s <= 0:
        yield "its promise is not after the payment."
    if product.pace.max_in_flight < 1 or product.pace.gap_s < 0:
        yield "its pace is below one call at a time, or its pause below nothing."
    for kind, limit_s in product.limits.by_kind().items():
        if limit_s <= 0:
            yield f"its limit for {kind} is not above nothing."


def _questions(product: Product) -> Iterator[str]:
    asked = [question.id for question in (*product.needed, *product.optional)]
    yield from (f"it asks for {name} twice." for name in _repeated(asked))
    for question in product.questions.values():
        if not _NAME.fullmatch(question.id) or question.id in _TAKEN or question.id.startswith(_BEGINNINGS):
            yield f"{question.id!r} is no id of a question: it is taken, or has signs that no id has."
        options = question.type.options if isinstance(question.type, Choice) else {}
        spoken = {_languages(words) for words in (question.words, question.help, *options.values()) if words}
        if len(spoken) > 1:
            yield f"the words of the question {question.id} are not all in the same languages."
        if not question.type.read(question.sample, _SOMEDAY):
            yield f"the sample of the question {question.id} is no answer to it."


def _languages(words: Words) -> tuple[str, ...]:
    return tuple(words) if isinstance(words, Mapping) else ()


def _colours(product: Product) -> Iterator[str]:
    for colour in (product.theme.accent, product.theme.tint):
        if not COLOUR.fullmatch(colour):
            yield f"{colour!r} is no colour of the form #rrggbb."
