"""Letters: what they say and are made of. The same facts in text and HTML, for any name, brand and size."""

import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from actors.mail.progress import details
from actors.mail.reports import completion
from actors.mail.samples import sample_installation, sample_letters
from actors.products.catalogue import PRODUCTS
from infra.links import Links
from infra.mail.errors import LetterIsRefused
from infra.mail.letter import Letter, as_message
from infra.tenants import Tenant, Tenants
from storage.records.orders import Order
from tests.builders import a_pdf, a_report, an_order
from tests.infra.mail.letters import arrived

HOUSE, NOW = sample_installation(), datetime(2026, 3, 1, tzinfo=UTC)
SAMPLES = dict(sample_letters())
KINDS = {
    "confirmation",
    "completion",
    "correction",
    "delay",
    "failure",
    "refund",
    "withdrawal",
    "details",
    "resend",
    "alert",
}
#: The size at which some mail programs cut a letter off.
_CUT_AT = 100_000
BOOK = a_report(pdf=a_pdf(pages=1))


def order(**facts: Any) -> Order:
    """Return an order about which letters are written, with those facts."""
    usual = {"answers": {"name": "Ada"}, "email": "ada@customer.example", "missing": ["question"]}
    return an_order(token="t", **{**usual, **facts})


def links(text: str) -> set[str]:
    """Return the addresses in a text."""
    return set(re.findall(r"https?://[^\s\"<]+", text))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, as WCAG 2 defines it."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_there_is_a_sample_of_every_kind() -> None:
    """The preview leaves out no kind of letter that the contract names, nor the operators' alert."""
    assert {letter.kind for letter in SAMPLES.values()} == KINDS


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_a_letter_survives_mail_programs(sample: Letter) -> None:
    """It loads nothing, links to us alone, says the same in both forms, is short, and has a dark dress."""
    assert not re.search(r"<(img|link|script|iframe|form)|url\(|@import|src=", sample.html)
    assert links(sample.html) == links(sample.text)
    assert all(re.match(r"https://pressroom\.example/(orders|gifts)/", link) for link in links(sample.html))
    assert len(as_message(sample).content) < _CUT_AT
    assert 'name="color-scheme" content="light dark"' in sample.html
    assert "prefers-color-scheme: dark" in sample.html
    assert 0 < len(sample.subject.strip()) < 120
    assert "\n" not in sample.subject.strip()


@pytest.mark.parametrize("kind", ["completion", "correction", "resend"])
def test_a_link_to_share_opens_its_report_alone(kind: str) -> None:
    """Beside it stands the link of the order's own page, which is the customer's alone, and says so."""
    letter, keys = SAMPLES[f"aurora-{kind}-latin"], Links(HOUSE.settings)
    to_reports = sorted(link for link in links(letter.text) if "/reports/" in link)
    (page,) = links(letter.text) - {*to_reports}
    token = keys.read(page.rpartition("/")[2])
    assert token is not None
    for link in to_reports:
        signed, _, file = link.rpartition("/orders/")[2].split("/")
        assert (keys.read(signed), keys.read_gift(signed)) == (None, None)
        products = [one for one in PRODUCTS if keys.read_report(signed, one, of_gift=False) == token]
        assert [f"{one}.pdf" for one in products] == [file]
    assert "is for you alone; please do not share its link" in letter.text
    assert f'The <a href="{page}" style="color:inherit;">page of your order</a> is for you alone' in letter.html


@pytest.mark.parametrize(("script", "name"), [("arabic", "أحمد بن عبد الرحمن"), ("cjk", "山田 太郎")])
@pytest.mark.parametrize("brand", ["main", "aurora"])
def test_a_name_of_any_script_stands_apart_from_the_words_around_it(brand: str, script: str, name: str) -> None:
    """HTML isolates it by its element, plain text where it runs from right to left by Unicode's own marks."""
    sample = SAMPLES[f"{brand}-completion-{script}"]
    assert f"Dear <bdi>{name}</bdi>," in sample.html
    assert sample.text.startswith(f"Dear \u2068{name}\u2069," if script == "arabic" else f"Dear {name},")


@pytest.mark.parametrize("kind", sorted(KINDS - {"alert"}))
def test_a_letter_is_written_in_the_language_of_its_order(kind: str) -> None:
    """No sentence of it is left in English, and sizes and sums are written as German has them."""
    english, german = (SAMPLES[f"aurora-{kind}-{one}"] for one in ("latin", "de"))
    assert '<html lang="de"' in german.html
    assert german.text.startswith("Guten Tag Käthe Müller,\n")
    assert german.subject != english.subject
    said = [{*letter.text.splitlines()} for letter in (english, german)]
    same = {line for line in said[0] & said[1] if not line.startswith(("https://", "- ", "Aurora Letters", "--"))}
    assert same == {""}
    assert not re.search(r"\d\.\d", german.text)


@pytest.mark.parametrize(
    "name",
    ["A\r\nBcc: spy@elsewhere.example", "<script>alert(1)</script>", "</bdi><b>", "N" * 2000, "\u200f" * 90],
)
def test_a_hostile_name_stays_a_name(name: str) -> None:
    """It makes no header, no markup, no second line, and takes no more room than a name."""
    letter = details(HOUSE, order(answers={"name": name}), NOW)
    assert set(arrived(letter).keys()) == set(arrived(SAMPLES["main-details-latin"]).keys())
    assert "<script" not in letter.html
    assert "<b>" not in letter.html
    assert len(letter.text.splitlines()[0]) < 100


def test_a_letter_without_a_name_begins_all_the_same() -> None:
    """Who is not known by name is greeted."""
    letter = details(HOUSE, order(answers={}), NOW)
    assert letter.text.startswith("Hello,\n")
    assert "Dear" not in letter.html


@pytest.mark.parametrize("named", ["name", "sender"])
def test_a_brand_with_a_line_break_makes_no_header(named: str) -> None:
    """What the tenants' file would not let pass makes no header here either: the letter is refused, or whole."""
    hostile = "Brand\r\nBcc: spy@elsewhere.example"
    facts: dict[str, Any] = {"name": hostile} if named == "name" else {"sender": f"{hostile} <a@b.example>"}
    brands = HOUSE._replace(tenants=Tenants({"main": Tenant(id="main", **facts)}))
    try:
        message = arrived(details(brands, order(), NOW))
    except (LetterIsRefused, ValueError):
        return
    assert "Bcc" not in message


@pytest.mark.parametrize("language", ["xx-klingon-2099", "ar", ""])
def test_letters_are_in_english_whatever_the_report_is_in(language: str) -> None:
    """A language that nobody knows, or that letters do not speak, changes nothing."""
    letter = details(HOUSE, order(answers={"name": "Ada", "language": language}), NOW)
    assert letter == details(HOUSE, order(), NOW)


def test_a_large_book_is_linked_to_and_not_attached() -> None:
    """Of a book of 30 MB the letter has the size, the pages and a link; it is small itself."""
    letter = completion(HOUSE, order(), [BOOK], NOW)
    message = arrived(letter)
    assert "(PDF, 1 page, 30.0 MB)" in letter.text
    assert "PDF, 1 page, 30.0 MB" in letter.html
    assert [part.get_content_type() for part in message.walk() if not part.is_multipart()] == [
        "text/plain",
        "text/html",
    ]
    assert len(as_message(letter).content) < _CUT_AT


def test_a_letter_with_reports_says_that_an_ai_wrote_them() -> None:
    """In both of its texts, unless the setting has it say nothing."""
    quiet = HOUSE._replace(settings=msgspec.structs.replace(HOUSE.settings, ai_notice=False))
    for house, said in ((HOUSE, True), (quiet, False)):
        letter = completion(house, order(), [BOOK], NOW)
        assert ["written by an AI" in text for text in (letter.text, letter.html)] == [said, said]


@pytest.mark.parametrize("accent", ["#ffffff", "#000000", "#808080", "#e3b23c", "#1f4d4a", "#ff0000", "#00a000"])
def test_the_words_on_a_brands_button_can_be_read(accent: str) -> None:
    """Whatever a brand's colour, dark or light words are on it."""
    letter = completion(HOUSE, order(colours={"accent": accent, "tint": accent}), [BOOK], NOW)
    background, words = re.findall(r'class="button" bgcolor="(#\w{6})".*? color:(#\w{6})', letter.html)[0]
    assert background == accent
    assert contrast(background, words) > 3.5
