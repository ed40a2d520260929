"""A gift from the shop's form to two inboxes: the reports in one, all other mail in the other."""

import re

from tests import plain_http
from tests.pressroom import Pressroom

FORM = {"product": "life_clarity", "name": "Grace", "question": "Whither?"}


def test_a_gift_of_today_is_read_by_its_recipient_and_followed_by_its_buyer(pressroom: Pressroom) -> None:
    """One letter each. The recipient's link opens page, PDF, text and EPUB, and nothing of the purchase."""
    pressroom.stack.llm.set_brevity(brief=True)
    reader = f"reader.{pressroom.email}"
    gift = {"gift_address": reader, "gift_giver": "Ada", "gift_message": "<b>Read</b> it slowly."}
    order = pressroom.checkout({**FORM, **gift})
    pressroom.stack.stripe.pay(order, pressroom.email)
    shown = pressroom.until_delivered(order)
    (letter,) = pressroom.stack.inbox.letters(to=reader)
    assert [one.headers["X-Pressroom-Mail"] for one in (letter, *pressroom.letters(order))] == [
        "completion",
        "confirmation",
    ]
    link = re.findall(r"https?://\S+/gifts/[^/\s]+", letter.text)[0]
    page = plain_http.get(link).text
    assert "&lt;b&gt;Read&lt;/b&gt; it slowly." in page
    pdf = plain_http.get(f"{link}/reports/life_clarity.pdf", follow_redirects=True, timeout=30)
    assert pdf.content.startswith(b"%PDF-")
    read = plain_http.get(f"{link}/reports/life_clarity/read").text
    part = plain_http.get(f"{link}/reports/life_clarity/read/1").text
    assert plain_http.get(f"{link}/reports/life_clarity.epub").status_code == 200
    for text in (letter.text, letter.html, page, read, part):
        assert not [one for one in (pressroom.email, "/orders/", "$19") if one in text.replace(reader, "")]
    buyers = plain_http.get(shown["url"]).text
    assert "It is finished, and your gift was sent." in buyers
    assert pressroom.json("audit", "--no-stripe")["violations"] == []
