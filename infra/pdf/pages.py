"""Fills the house's page templates: every value is escaped unless it has been made safe here."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from infra.book import BookSource, ChapterSource, Style
from infra.book.decoration import palette, rosette
from infra.book.drawing import draw
from infra.book.prose import prose_html
from infra.book.untrusted import one_line
from infra.book.words import direction, language_tag, leading_direction, words
from infra.pdf.numbering import NumberedChapter
from infra.templates import open_templates

TITLE_LENGTH, NAME_LENGTH = 160, 90
# Above this a contents page is set tightly; below, as an invitation.
_ROOMY_ROWS = 12


def chapter_html(chapter: ChapterSource, style: Style) -> str:
    """Return a chapter as HTML, an opener if it has no sections. TextIsUnsettable if a section breaks a bound."""
    language, title = language_tag(style.language), one_line(chapter.title, TITLE_LENGTH)
    head = {"number": chapter.number, "level": chapter.level, "title": title, "anchor": chapter.anchor}
    if not chapter.sections:
        # A part's title page: the cover's quieter sister, with its chart or an ornament of its own.
        subtitle = one_line(chapter.subtitle, TITLE_LENGTH)
        drawn = {"rosette": rosette(chapter.title), "chart": chapter.chart and draw(chapter.chart)}
        return _fill("opener.html", language, subtitle=subtitle, colours=palette(style), **drawn, **head)
    sections = []
    for section in chapter.sections:
        heading = one_line(section.title, TITLE_LENGTH)
        body = Markup(prose_html(section.markdown, heading, language))  # noqa: S704 (made safe there)
        sections.append({"title": heading, "body": body})
    return _fill(
        "chapter.html",
        language,
        running_title=one_line(chapter.running_title, TITLE_LENGTH),
        sections=sections,
        titled_once=len(sections) == 1 and sections[0]["title"] == title,
        **head,
    )


def front_html(book: BookSource, chapters: Sequence[NumberedChapter]) -> str:
    """Return cover and contents as an HTML document."""
    rows = sum(1 + len(chapter.sections) for chapter in chapters)
    language = language_tag(book.style.language)
    spoken = words(language)
    name = one_line(book.prepared_for, NAME_LENGTH)
    return _fill(
        "front.html",
        language,
        title=one_line(book.title, TITLE_LENGTH),
        subtitle=one_line(book.subtitle, TITLE_LENGTH),
        name=name,
        name_direction=leading_direction(name, direction(language)),
        author=one_line(book.author, NAME_LENGTH),
        logo=book.logo,
        date=spoken.date(book.date),
        words=spoken,
        ai_notice=book.ai_notice,
        chapters=chapters,
        roomy=rows <= _ROOMY_ROWS,
        colours=palette(book.style),
        rosette=rosette(book.title),
    )


def _fill(template: str, language: str, **values: object) -> str:
    """Fill a template with its values, in a language."""
    page = _environment().get_template(template)
    return page.render(language=language, direction=direction(language), **values)


@cache
def _environment() -> Environment:
    """Return an environment that escapes, and is strict: a missing value is an error, not a gap on the page."""
    return open_templates(Path(__file__).parent / "templates", trim_blocks=True)
