"""The message that is made of a letter, as a mail program reads it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.mail.letter import as_message
from tests.infra.mail.letters import arrived, letter

#: Lines of any script, some of which look like what stands between the parts of a message.
_LINES = st.lists(
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"])) | st.just("--=_alternative--") | st.just(".")
)


@settings(deadline=None)
@given(_LINES, _LINES)
def test_any_words_arrive_as_they_were_written(text: list[str], html: list[str]) -> None:
    """Whatever is in a letter's two forms, each is read as it was, in lines that every server takes."""
    sent = letter(text="".join(f"{line}\n" for line in text), html="".join(f"{line}\n" for line in html))
    content = as_message(sent).content
    assert content.isascii()
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n")
    for kind, written in (("plain", sent.text), ("html", sent.html)):
        part = arrived(sent).get_body((kind,))
        assert part is not None
        assert part.get_content().replace("\r\n", "\n") == written


def test_a_letter_is_the_same_message_each_time() -> None:
    """What is sent again is sent as it was, to the byte."""
    sent = letter()
    assert as_message(sent) == as_message(sent)
