"""Work for a child in C that lets no other thread of its process run. It says when it has begun."""

import asyncio
import re

from infra.pdf import Renderer


def hold_the_interpreter(text: str) -> bool:
    """Look for a pattern in a text, for longer than anybody lives. The interpreter is not given back meanwhile."""
    print("begun", flush=True)  # noqa: T201 (its way to speak)
    return bool(re.match(r"(a+)+b", text))


if __name__ == "__main__":
    asyncio.run(Renderer().pool.run(3600.0, hold_the_interpreter, "a" * 60))
