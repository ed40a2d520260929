"""Folders of templates."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape


def open_templates(folder: Path, *, trim_blocks: bool = False, lstrip_blocks: bool = False) -> Environment:
    """Return the templates of a folder. The options are the package's own.

    But in plain text (`.txt`) every value is escaped that was not made safe before. A missing one is an error, not
    a gap on the page.
    """
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(disabled_extensions=["txt"], default=True),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=trim_blocks,
        lstrip_blocks=lstrip_blocks,
    )
