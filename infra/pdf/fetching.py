"""What WeasyPrint may load: this package's own fonts, the brand's logo, and nothing else."""

from base64 import b64decode
from pathlib import Path

from weasyprint.urls import URLFetcher, URLFetcherResponse

_FONTS = {path.name: path for path in (Path(__file__).parent / "fonts").glob("*.ttf")}


class LogoFetcher(URLFetcher):  # type: ignore[misc]
    """Serves one `data:` URI, if there is one, and refuses every other address, of whatever protocol."""

    def __init__(self, logo: str = "") -> None:
        super().__init__()
        self._logo = logo

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """The picture that the URI holds in base64; ValueError for any other: WeasyPrint goes on without it."""
        if not url or url != self._logo:
            raise ValueError("Nothing is fetched while a book is set.")
        kind, _, content = url.removeprefix("data:").partition(";base64,")
        return URLFetcherResponse(url, b64decode(content), {"Content-Type": kind})


class FontFetcher(URLFetcher):  # type: ignore[misc]
    """Serves `font:NAME` for the files in fonts/, to the house stylesheet only."""

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """The font's bytes; ValueError for any other address."""
        scheme, _, name = url.partition(":")
        if scheme != "font" or name not in _FONTS:
            raise ValueError("The house stylesheet fetches its own fonts only.")
        return URLFetcherResponse(url, _FONTS[name].read_bytes(), {"Content-Type": "font/ttf"})
