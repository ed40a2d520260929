"""A process that renders until it is killed, and says when it has begun."""

import asyncio
import tempfile
from pathlib import Path

from infra.pdf import Renderer
from tests.infra.pdf.press import STYLE, endless_chapter


async def render() -> None:
    """Keep all children busy."""
    renderer = Renderer()
    await renderer.warm_up()
    works = [asyncio.create_task(renderer.render_chapter(endless_chapter(), STYLE)) for _ in range(4)]
    # A child copies the house's fonts when it sets its first page: from then on it renders.
    while not list(Path(tempfile.gettempdir()).glob("pressroom-fonts-*/*/weasyprint-*")):
        await asyncio.sleep(0.02)
    print("rendering", flush=True)  # noqa: T201 (its way to speak)
    await asyncio.gather(*works)


if __name__ == "__main__":
    asyncio.run(render())
