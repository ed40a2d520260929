"""TENANTS_FILE: what it may say, and the one line about what it may not."""

from pathlib import Path

import pytest

from infra.errors import SettingsError
from infra.tenants import MAIN, Colours, Tenant, Tenants
from infra.tenants_file import read_tenants

PNG = b"\x89PNG\r\n\x1a\n"
EXAMPLE = Path(__file__).parents[2] / "infra" / "deploy" / "tenants.example.toml"


def read(folder: Path, text: str | bytes) -> Tenants:
    """Return the tenants of a file of that text."""
    file = folder / "tenants.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_tenants(str(file))


def refusal(folder: Path, text: str | bytes) -> str:
    """Return the one line that refuses a file of that text."""
    with pytest.raises(SettingsError) as refused:
        read(folder, text)
    line = str(refused.value)
    assert line.startswith("TENANTS_FILE")
    assert line.isprintable()
    return line


def test_without_a_file_there_is_one_tenant() -> None:
    """`main` has everything as the installation and the products have it, no limit and no privilege."""
    assert dict(read_tenants(None)) == {MAIN: Tenant(id=MAIN)}
    assert Tenant(id=MAIN) == Tenant(
        id=MAIN, name=None, colours=None, logo=None, sender=None, products=None, limit=None, priority=0
    )


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path: Path) -> None:
    """Editors that mark UTF-8 by one write files that can be read."""
    assert read(tmp_path, b"\xef\xbb\xbf[aurora]\nlimit = 5\n")["aurora"].limit == 5


def test_all_that_a_tenant_may_be_described_by(tmp_path: Path) -> None:
    """Each key is read, typed, and the logo found beside the file."""
    (tmp_path / "logos").mkdir()
    (tmp_path / "logos" / "aurora.png").write_bytes(PNG)
    text = """
    [aurora]
    name = "Aurora Letters"
    colours = { accent = "#1f5a5e", tint = "#F1ECE1" }
    logo = "logos/aurora.png"
    sender = "Aurora <letters@aurora.example>"
    products = ["life_clarity"]
    limit = 5
    timezone = "Europe/Berlin"
    priority = -10
    """
    tenants = read(tmp_path, text)
    assert sorted(tenants) == ["aurora", MAIN]
    assert tenants["aurora"] == Tenant(
        id="aurora",
        name="Aurora Letters",
        colours=Colours("#1f5a5e", "#F1ECE1"),
        logo=str(tmp_path / "logos" / "aurora.png"),
        sender="Aurora <letters@aurora.example>",
        products=("life_clarity",),
        limit=5,
        timezone="Europe/Berlin",
        priority=-10,
    )
    assert tenants["aurora"].sells("life_clarity")
    assert not tenants["aurora"].sells("bundle")
    assert tenants[MAIN].sells("bundle")


def test_main_may_be_described_too(tmp_path: Path) -> None:
    """A table of that name stands for what is there without one."""
    assert dict(read(tmp_path, "[main]\nlimit = 3")) == {MAIN: Tenant(id=MAIN, limit=3)}


def test_a_tenant_that_is_described_no_more_is_like_main_without_a_file(tmp_path: Path) -> None:
    """Orders in progress outlive a tenant's table: whose they are is known, and nothing else."""
    tenants = read(tmp_path, "[aurora]\nlimit = 1")
    assert tenants.of("aurora").limit == 1
    assert tenants.of("gone") == Tenant(id="gone")
    assert "gone" not in tenants


@pytest.mark.parametrize(
    ("given", "header"),
    [
        ("a@b.example", "a@b.example"),
        ("Aurora <a@b.example>", "Aurora <a@b.example>"),
        ('"Aurora, Inc." <a@b.example>', '"Aurora, Inc." <a@b.example>'),
        ("Großer Bär <a@b.example>", "Großer Bär <a@b.example>"),
    ],
)
def test_a_sender_is_kept_as_it_goes_into_a_header(tmp_path: Path, given: str, header: str) -> None:
    """An address with or without a name is taken; what must be quoted stays quoted."""
    assert read(tmp_path, f"[aurora]\nsender = '{given}'")["aurora"].sender == header


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("nmae = 'Aurora'", "nmae"),
        (r'"na\nme" = "Aurora"', r"'na\nme'"),
        ("id = 'aurora'", "id"),
        ("name = 1", "name"),
        ("name = ''", "name"),
        ("name = ' '", "name"),
        (f"name = '{'n' * 81}'", "name"),
        (r'name = "Aurora\r\nBcc: everybody@else.example"', "name"),
        (r'name = "Aurora\u202e"', "name"),
        ("colours = '#1f5a5e'", "colours"),
        ("colours = { accent = '#1f5a5e' }", "colours.tint"),
        ("colours = { accent = 'teal', tint = '#ffffff' }", "colours.accent"),
        ("colours = { accent = '#ffffff', tint = '#fff' }", "colours.tint"),
        (r"""colours = { accent = "#ffffff\n", tint = '#ffffff' }""", "colours.accent"),
        ("colours = { accent = '#ffffff', tint = '#ffffff', ink = '#ffffff' }", "colours.ink"),
        ("sender = 'aurora'", "sender"),
        ("sender = '@aurora.example'", "sender"),
        ("sender = 'a@b.example, c@d.example'", "sender"),
        ("sender = 'Aurora, Inc. <a@b.example>'", "sender"),
        ("sender = 'a@bär.example'", "sender"),
        (r'sender = "a@b.example\nBcc: c@d.example"', "sender"),
        ("products = 'life_clarity'", "products"),
        ("products = []", "products"),
        ("products = ['life_clarity', 'life_clarity']", "products"),
        (r'products = ["life\nclarity"]', "products"),
        ("limit = 0", "limit"),
        ("limit = true", "limit"),
        ("limit = 1.5", "limit"),
        ("timezone = 'Europe/Atlantis'", "timezone"),
        ("timezone = ''", "timezone"),
        ("timezone = '../../etc/passwd'", "timezone"),
        ("timezone = 1", "timezone"),
        ("language = 'tlh'", "language"),
        ("priority = 'high'", "priority"),
        ("priority = 1001", "priority"),
        ("logo = 'none.png'", "logo"),
        ("logo = 'logo.gif'", "logo"),
        ("logo = '/etc/logo.png'", "logo"),
        ("logo = '../logo.png'", "logo"),
        ("logo = 'text.png'", "logo"),
        ("logo = 'large.png'", "logo"),
        ("logo = 'high.png'", "logo"),
        (r'logo = "logo.png\u0000"', "logo"),
    ],
)
def test_a_key_that_cannot_be_used_is_named_with_its_tenant(tmp_path: Path, line: str, key: str) -> None:
    """One line names tenant and key, and quotes nothing that could break a line."""
    (tmp_path / "text.png").write_text("a text")
    (tmp_path / "large.png").write_bytes(PNG + bytes(512 * 1024))
    (tmp_path / "high.png").write_bytes(PNG + bytes(8) + (1).to_bytes(4) + (4097).to_bytes(4))
    assert f": tenant aurora: {key} " in refusal(tmp_path, f"[aurora]\n{line}")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Each has a line that names table and key, in the order of the file; a sound table has none."""
    text = """
    [Aurora]
    limit = 0
    [boreal]
    nmae = "Boreal"
    colours = { accent = "teal", ink = "#ffffff" }
    products = ["life_clarity", "tarot", "runes"]
    priority = "high"
    [main]
    name = "Shop"
    """
    file = tmp_path / "tenants.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        read_tenants(str(file), {"life_clarity"})
    lines = str(refused.value).splitlines()
    assert all(line.startswith("TENANTS_FILE: ") and line.endswith(".") for line in lines)
    assert [line.removeprefix("TENANTS_FILE: ")[:32] for line in lines] == [
        "'Aurora' is no tenant's id: lowe",
        "tenant 'Aurora': limit is malfor",
        "tenant boreal: nmae is not a key",
        "tenant boreal: colours.tint is m",
        "tenant boreal: colours.ink is no",
        "tenant boreal: colours.accent mu",
        "tenant boreal: products: there i",
        "tenant boreal: products: there i",
        "tenant boreal: priority is malfo",
    ]


@pytest.mark.parametrize("name", ["Aurora", "'a b'", "''", "'a.b'", r'"a\nb"', "-a", "a" * 65, "'ä'"])
def test_an_id_that_is_none_is_named(tmp_path: Path, name: str) -> None:
    """Ids are lower-case letters, digits, hyphens and underscores."""
    assert "is no tenant's id" in refusal(tmp_path, f"[{name}]")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[aurora]\n[aurora]", "twice"),
        ("[aurora]\nlimit = 1\nlimit = 2", "not TOML"),
        ("[aurora", "not TOML"),
        ("[aurora]\nname = " + "[" * 10_000, "not TOML"),
        ("aurora = 1", "tenant aurora: it must be a table"),
        ("[[aurora]]", "tenant aurora: it must be a table"),
        (b"[aurora]\nname = '\xff'", "not UTF-8"),
        (b"#" * (1024 * 1024 + 1), "longer than 1024 KiB"),
        ("".join(f"[t{number}]\n" for number in range(10_001)), "more than 10000 tenants"),
    ],
    ids=["table", "key", "bracket", "nested", "value", "list", "bytes", "long", "many"],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str | bytes, what: str) -> None:
    """What is no such file, says a thing twice or is too large, is refused in one line."""
    assert what in refusal(tmp_path, text)


@pytest.mark.parametrize("name", ["none.toml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    """A missing file, or a folder, is refused by the system's own word."""
    with pytest.raises(SettingsError, match=r"^TENANTS_FILE cannot be read: [\w ]+\.$"):
        read_tenants(str(tmp_path / name))


def test_the_example_can_be_used() -> None:
    """The file that the documentation points to is one that starts."""
    assert {"main", "aurora"} <= set(read_tenants(str(EXAMPLE)))
