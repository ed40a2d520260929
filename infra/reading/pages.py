"""Templates for screens: every value is escaped unless it was made safe before."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup


def fill(template: str, **values: object) -> Markup:
    """Return a template with its values."""
    return Markup(_environment().get_template(template).render(values))  # noqa: S704 (each value is escaped)


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, auto_reload=False
    )
