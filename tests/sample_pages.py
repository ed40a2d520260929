"""`python -m tests.sample_pages PRODUCT WORDS...`: pages of a product's preview, as pictures for the shop.

They are the first pages of the body that hold each of the words. The list of all samples is kept beside them.
"""

import json
import sys
from pathlib import Path

from PIL import Image
from pypdfium2 import PdfDocument

FOLDER = Path("handlers/web/static/samples")
WIDTH = 560
#: Enough for type in one colour on a tint, and a fifth of the size.
COLOURS = 12


def find_page(book: PdfDocument, words: str) -> int:
    """The page's place in the file, from 0; StopIteration if no page of the body holds the words."""
    body = next(at for at in range(len(book)) if book.get_page_label(at) == "1")
    return next(at for at in range(body, len(book)) if words in book[at].get_textpage().get_text_range())


def draw(book: PdfDocument, at: int) -> Image.Image:
    """One page, in few colours."""
    picture: Image.Image = book[at].render(scale=WIDTH / book[at].get_width()).to_pil()
    return picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)


def keep(product: str, words: list[str]) -> None:
    """Draw the pages, and list them among the samples."""
    listed = FOLDER / "samples.json"
    samples = json.loads(listed.read_text("utf-8")) if listed.exists() else {}
    shown = []
    with PdfDocument(f".local/preview/{product}/{product}.pdf") as book:
        for number, each in enumerate(words, start=1):
            picture, name = draw(book, find_page(book, each)), f"{product}-{number}.png"
            picture.save(FOLDER / name, optimize=True)
            shown.append({"file": name, "title": each, "width": picture.width, "height": picture.height})
        samples[product] = {"pages": len(book), "pictures": shown}
    listed.write_text(json.dumps(samples, indent=2, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    product, *words = sys.argv[1:]
    FOLDER.mkdir(parents=True, exist_ok=True)
    keep(product, words)
