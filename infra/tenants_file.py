"""Reads TENANTS_FILE: the brands of an installation, once when a process starts, and checks it whole."""

import re
from pathlib import Path
from typing import Any

import msgspec

from infra.addresses import as_address
from infra.colours import COLOUR
from infra.errors import SettingsError
from infra.tenants import Tenant, Tenants, is_tenant_id

#: Room for many times the tenants of a large installation: a larger file is no such file.
_MAX_BYTES, _MAX_TENANTS = 1024 * 1024, 10_000
_MAX_LOGO, _MAX_SIDE = 512 * 1024, 4096
#: The beginnings of files; an SVG may have a byte order mark and blanks first.
_LOGOS = {".png": re.compile(rb"\x89PNG\r\n\x1a\n"), ".svg": re.compile(rb"(\xef\xbb\xbf)?\s*<")}


class _Wrong(Exception):
    """One key of one table is wrong; the text says how."""


def read_tenants(file: str | None) -> Tenants:
    """Return the tenants of a TOML file, or `main` alone without one.

    SettingsError is one line that names the tenant and the key, or the reason why the file cannot be read.
    """
    if file is None:
        return Tenants()
    tables = _tables(Path(file))
    if len(tables) > _MAX_TENANTS:
        raise SettingsError(f"TENANTS_FILE has more than {_MAX_TENANTS} tenants.")
    return Tenants({name: _tenant(name, table, Path(file).parent) for name, table in tables.items()})


def _tables(file: Path) -> dict[str, Any]:
    import tomllib  # here, since most have no such file, and a function's first event waits for every import

    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise SettingsError("TENANTS_FILE is longer than 1 MiB.")
        return tomllib.loads(content.decode())
    except OSError as error:
        raise SettingsError(f"TENANTS_FILE cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError("TENANTS_FILE is not UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"TENANTS_FILE is not TOML: {' '.join(str(error).split())}.") from None


def _tenant(name: str, table: Any, folder: Path) -> Tenant:
    if not is_tenant_id(name):
        raise SettingsError(
            f"TENANTS_FILE: {name[:80]!r} is no tenant's id: lower-case letters, digits, - and _, 64 at most."
        )
    try:
        return _checked(name, table, folder)
    except _Wrong as error:
        raise SettingsError(f"TENANTS_FILE: tenant {name}: {error}.") from None


def _checked(name: str, table: Any, folder: Path) -> Tenant:
    if not isinstance(table, dict):
        raise _Wrong("it must be a table")
    if "id" in table:
        raise _Wrong("id is the table's name, not a key of it")
    try:
        tenant = msgspec.convert({**table, "id": name}, Tenant)
    except msgspec.ValidationError as error:
        raise _Wrong(_in_words(str(error))) from None
    _check_words(tenant)
    return msgspec.structs.replace(tenant, sender=_sender(tenant.sender), logo=_logo(tenant.logo, folder))


def _check_words(tenant: Tenant) -> None:
    brand, products = tenant.name or "", tenant.products or ()
    # Each of these may stand in a header of a mail, or in a line of a log.
    for key, text in {"name": brand, "sender": tenant.sender, "logo": tenant.logo, "products": products}.items():
        if not "".join(text or "").isprintable():
            raise _Wrong(f"{key} has a line break or another control character")
    if brand != brand.strip():
        raise _Wrong("name has a blank at one end")
    if len(set(products)) != len(products):
        raise _Wrong("products names one of them twice")
    for key, colour in (msgspec.structs.asdict(tenant.colours) if tenant.colours else {}).items():
        if not COLOUR.fullmatch(colour):
            raise _Wrong(f"colours.{key} must be a colour such as #1f5a5e")


def _sender(given: str | None) -> str | None:
    """Return a sender as it goes into a header: `name <address>`, quoted where it must be."""
    address = None if given is None else as_address(given)
    if given is not None and address is None:
        raise _Wrong("sender is no mail address, such as letters@brand.example or Brand <letters@brand.example>")
    return address


def _logo(given: str | None, folder: Path) -> str | None:
    """Return the logo's path; it lies beside TENANTS_FILE or below, so that the two are deployed together."""
    if given is None:
        return None
    file = (folder / given).absolute()
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


def _in_words(error: str) -> str:
    """Return msgspec's sentence with the key in front, without a value that it may quote."""
    what, _, where = error.partition(" - at `$.")
    if what.startswith("Object contains unknown field"):
        below = f"{where.rstrip('`')}." if where else ""
        unknown = what.split("`")[1][:80]
        return f"{below}{unknown if unknown.isprintable() else repr(unknown)} is not a key that tenants have"
    if what.startswith("Object missing required field"):
        return f"{where.rstrip('`')}.{what.split('`')[1]} is missing"
    return f"{where.rstrip('`')} is malformed: {what[0].lower()}{what[1:]}"
