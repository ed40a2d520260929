"""Templates for screens: every value is escaped unless it was made safe before."""

from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from infra.templates import open_templates


def fill(template: str, **values: object) -> Markup:
    """Return a template with its values."""
    return Markup(_environment().get_template(template).render(values))  # noqa: S704 (each value is escaped)


@cache
def _environment() -> Environment:
    return open_templates(Path(__file__).parent / "templates", trim_blocks=True)
