"""A process that renders until it is killed, and says when it has begun."""

import asyncio
import tempfile
import time
from pathlib import Path

from infra.pdf import Renderer
from tests.infra.pdf.press import STYLE, endless_chapter


def until_a_page_is_begun() -> None:
    """Return once a child has copied the house's fonts, which it does with its first page."""
    while not list(Path(tempfile.gettempdir()).glob("pressroom-fonts-*/*/weasyprint-*")):
        time.sleep(0.02)


async def render() -> None:
    """Keep all children busy."""
    renderer = Renderer()
    await renderer.warm_up()
    works = [asyncio.create_task(renderer.render_chapter(endless_chapter(), STYLE)) for _ in range(4)]
    await asyncio.to_thread(until_a_page_is_begun)
    print("rendering", flush=True)  # noqa: T201 (its way to speak)
    await asyncio.gather(*works)


if __name__ == "__main__":
    asyncio.run(render())
