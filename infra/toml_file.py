"""TOML files that settings name, read whole."""

import tomllib
from pathlib import Path
from typing import Any

from infra.errors import SettingsError


def read_toml(setting: str, file: Path, most_bytes: int) -> dict[str, Any]:
    """Return the content of the file that a setting names. SettingsError if it is none, or longer than that."""
    try:
        with file.open("rb") as opened:
            content = opened.read(most_bytes + 1)
        if len(content) > most_bytes:
            raise SettingsError(f"{setting} is longer than {most_bytes >> 10} KiB.")
        return tomllib.loads(content.decode("utf-8-sig"))  # as some editors write it
    except OSError as error:
        raise SettingsError(f"{setting} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{setting} is not UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{setting} is not TOML: {' '.join(str(error).split())}.") from None
