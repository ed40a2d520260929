"""The notice that a running stack puts up in its folder: its settings, for commands beside it."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from infra.local.errors import PartError

_FILE = "settings.json"


@contextmanager
def put_up(folder: Path, env: Mapping[str, str]) -> Iterator[None]:
    """Keep the settings of a stack in its folder; only its owner may read them, since secrets are among them."""
    file = folder / _FILE
    unfinished = file.with_suffix(".new")
    unfinished.touch(mode=0o600)
    with unfinished.open("wb") as held:
        # A stack that is killed leaves its notice, and lets go of it: a notice without a holder is out of date.
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write(msgspec.json.encode(env))
        held.flush()
        unfinished.replace(file)
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


def read_notice(folder: Path) -> dict[str, str]:
    """Return the settings of the stack that runs on this folder; `PartError` if none does."""
    with suppress(OSError), (folder / _FILE).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return msgspec.json.decode(file.read(), type=dict[str, str])
    raise PartError("no local stack runs here; start one with `make up`")
