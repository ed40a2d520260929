"""Sends a letter by SMTP."""

import smtplib
from email.message import EmailMessage
from urllib.parse import urlsplit


def send_letter(
    mail_url: str, *, to: str = "anna@example.com", subject: str = "Your report", **headers: str
) -> None:
    """One letter with a text and an HTML part. Raises what smtplib raises."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "Pressroom <press@example.com>", to, subject
    for name, value in headers.items():
        letter[name.replace("_", "-")] = value
    letter.set_content("Dear Anna, it is ready — here.")
    letter.add_alternative("<p>Dear Anna, <a href='https://x.example/a.pdf'>here</a></p>", subtype="html")
    where = urlsplit(mail_url)
    with smtplib.SMTP(str(where.hostname), where.port or 25) as smtp:
        smtp.send_message(letter)
