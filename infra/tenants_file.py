"""Reads TENANTS_FILE: the brands of an installation, once when a process starts, and checks it whole."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from infra.addresses import as_address
from infra.colours import COLOUR
from infra.errors import SettingsError
from infra.setting_checks import ZONE
from infra.speech.say import LANGUAGES
from infra.tenants import Colours, Tenant, Tenants, is_tenant_id
from infra.toml_file import read_toml

#: Room for many times the tenants of a large installation: a larger file is no such file.
_MAX_BYTES, _MAX_TENANTS = 1024 * 1024, 10_000
_MAX_LOGO, _MAX_SIDE = 512 * 1024, 4096
#: The beginnings of files; an SVG may have a byte order mark and blanks first.
_LOGOS = {".png": re.compile(rb"\x89PNG\r\n\x1a\n"), ".svg": re.compile(rb"(\xef\xbb\xbf)?\s*<")}

#: The types of a tenant's keys. Colours are read as they stand, so that each is told that is wrong.
_KINDS = {field.name: field.type for field in msgspec.structs.fields(Tenant)} | {"colours": Any}

#: A function for a key returns the value that is kept, given one of the key's type. _Wrong if there is none.
_Keys = Mapping[str, Callable[[Any], Any]]


class _Wrong(Exception):
    """Something about one key of one table is wrong; each argument says what, in words that begin with the key."""


def read_tenants(file: str | None, sold: Collection[str] | None = None) -> Tenants:
    """Return the tenants of a TOML file, or `main` alone without one.

    SettingsError names all that cannot be used, a line each, with tenant and key, or the reason why the file
    cannot be read. `sold` are the products that tenants may name; without it, any.
    """
    if file is None:
        return Tenants()
    tables, folder = read_toml("TENANTS_FILE", Path(file), _MAX_BYTES), Path(file).parent
    if len(tables) > _MAX_TENANTS:
        raise SettingsError(f"TENANTS_FILE has more than {_MAX_TENANTS} tenants.")
    keys, tenants = _keys(folder, sold), dict[str, Tenant]()
    mistakes = [*chain.from_iterable(_take(name, table, keys, tenants) for name, table in tables.items())]
    if mistakes:
        raise SettingsError("\n".join(f"TENANTS_FILE: {mistake}." for mistake in mistakes))
    return Tenants(tenants)


def _keys(folder: Path, sold: Collection[str] | None) -> _Keys:
    """Return the functions of the keys that are more than their type."""
    return {
        "name": _name,
        "colours": _colours,
        "logo": partial(_logo, folder),
        "sender": _sender,
        "products": partial(_products, sold),
        "timezone": _timezone,
        "language": _language,
    }


def _take(name: str, table: Any, keys: _Keys, tenants: dict[str, Tenant]) -> Iterator[str]:
    """Put a tenant among the others. Yields what is wrong with its id and its keys instead."""
    shown = name if is_tenant_id(name) else repr(name[:80])
    if shown != name:
        yield f"{shown} is no tenant's id: lower-case letters, digits, - and _, 64 at most"
    if not isinstance(table, dict):
        yield f"tenant {shown}: it must be a table"
        return
    values: dict[str, Any] = {}
    mistakes = [*chain.from_iterable(_take_key(key, given, keys, values) for key, given in table.items())]
    yield from (f"tenant {shown}: {mistake}" for mistake in mistakes)
    if not mistakes:
        tenants[name] = Tenant(id=name, **values)


def _take_key(key: str, given: Any, keys: _Keys, values: dict[str, Any]) -> Iterator[str]:
    """Put the value of a key among the others. Yields what is wrong with it instead."""
    if key == "id":
        yield "id is the table's name, not a key of it"
    elif key not in _KINDS:
        yield _unknown(key)
    else:
        try:
            value = msgspec.convert(given, _KINDS[key])
            values[key] = keys[key](value) if key in keys else value
        except msgspec.ValidationError as error:
            yield _in_words(key, str(error))
        except _Wrong as wrong:
            yield from wrong.args


def _unknown(key: str, above: str = "") -> str:
    return f"{above}{key[:80] if key.isprintable() else repr(key[:80])} is not a key that tenants have"


def _printable(key: str, text: str) -> str:
    """Return a text that may stand in a header of a mail, or in a line of a log."""
    if not text.isprintable():
        raise _Wrong(f"{key} has a line break or another control character")
    return text


def _name(given: str) -> str:
    if given != given.strip():
        raise _Wrong("name has a blank at one end")
    return _printable("name", given)


def _colours(given: Any) -> Colours:
    if not isinstance(given, dict):
        raise _Wrong('colours must be a table, such as { accent = "#5b3a6e", tint = "#f3edf5" }')
    wanted = Colours.__struct_fields__
    missing = [f"colours.{key} is missing" for key in wanted if key not in given]
    unknown = [_unknown(key, "colours.") for key in given if key not in wanted]
    none = [key for key in wanted if key in given and not _is_colour(given[key])]
    if missing or unknown or none:
        raise _Wrong(*missing, *unknown, *(f"colours.{key} must be a colour such as #1f5a5e" for key in none))
    return Colours(**given)


def _is_colour(given: Any) -> bool:
    return isinstance(given, str) and COLOUR.fullmatch(given) is not None


def _products(sold: Collection[str] | None, given: tuple[str, ...]) -> tuple[str, ...]:
    _printable("products", "".join(given))
    if len(set(given)) != len(given):
        raise _Wrong("products names one of them twice")
    unknown = [one for one in given if sold is not None and one not in sold]
    if unknown:
        raise _Wrong(*(f"products: there is no product {one[:80]}" for one in unknown))
    return given


def _timezone(given: str) -> str:
    if not ZONE.holds(given):
        raise _Wrong(f"timezone must be {ZONE.wanted}")
    return given


def _language(given: str) -> str:
    if given not in LANGUAGES:
        raise _Wrong(f"language must be one of {', '.join(LANGUAGES)}")
    return given


def _sender(given: str) -> str:
    """Return a sender as it goes into a header: `name <address>`, quoted where it must be."""
    address = as_address(_printable("sender", given))
    if address is None:
        raise _Wrong("sender is no mail address, such as letters@brand.example or Brand <letters@brand.example>")
    return address


def _logo(folder: Path, given: str) -> str:
    """Return the logo's path; it lies beside TENANTS_FILE or below, so that the two are deployed together."""
    file = (folder / _printable("logo", given)).absolute()
    form = _LOGOS.get(file.suffix)
    if form is None or Path(given).is_absolute() or ".." in Path(given).parts:
        raise _Wrong("logo must be a .png or .svg file beside TENANTS_FILE")
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_LOGO + 1)
    except OSError as error:
        raise _Wrong(f"logo cannot be read: {error.strerror}") from None
    if len(content) > _MAX_LOGO:
        raise _Wrong("logo is larger than 512 KiB")
    if not form.match(content):
        raise _Wrong(f"logo is not what a {file.suffix} file holds")
    # Half a MiB of PNG may unfold to gigabytes. Its header has width and height, four bytes each, from the 16th.
    sides = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    if file.suffix == ".png" and max(sides) > _MAX_SIDE:
        raise _Wrong(f"logo has more than {_MAX_SIDE} pixels a side")
    if file.suffix == ".svg":
        from infra.svg import SvgIsUnfit, check_svg  # here, since most have no such file, as above

        try:
            check_svg(content)
        except SvgIsUnfit as error:
            raise _Wrong(f"logo {error}") from None
    return str(file)


def _in_words(key: str, error: str) -> str:
    """Return msgspec's sentence with the key in front."""
    what, _, where = error.partition(" - at `$")
    return f"{key}{where.rstrip('`')} is malformed: {what[0].lower()}{what[1:]}"
