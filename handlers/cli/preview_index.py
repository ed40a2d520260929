"""The page on which letters are looked at: each in a frame of its own, with links to all that it is."""

from collections.abc import Mapping

from jinja2 import Template

from infra.mail.letter import Letter

_PAGE = Template(
    """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mails</title>
<style>
  :root { color-scheme: light dark; }
  body { margin: 20px; font: 15px/1.5 system-ui, sans-serif; display: flex; flex-wrap: wrap; gap: 28px; }
  figure { margin: 0; width: 390px; }
  iframe { width: 100%; height: 720px; border: 1px solid #8888; border-radius: 8px; }
</style>
{% for name, letter in letters.items() %}
<figure>
  <figcaption><b>{{ name }}</b>
    <a href="{{ name }}.html">HTML</a> <a href="{{ name }}.txt">text</a> <a href="{{ name }}.eml">message</a><br>
    <bdi>{{ letter.subject }}</bdi></figcaption>
  <iframe loading="lazy" sandbox title="{{ name }}" src="{{ name }}.html"></iframe>
</figure>
{% endfor %}
</html>
""",
    autoescape=True,
)


def index_of(letters: Mapping[str, Letter]) -> str:
    """Return the page that shows letters by the names of their files."""
    return str(_PAGE.render(letters=letters))
