"""Fetchers for WeasyPrint: of this package's own fonts and of the brand's logo, and of nothing else."""

from pathlib import Path

from weasyprint.urls import URLFetcher, URLFetcherResponse

_FONTS = {path.name: path for path in (Path(__file__).parent / "fonts").glob("*.ttf")}


class LogoFetcher(URLFetcher):  # type: ignore[misc]
    """Serves one `data:` URI, if there is one, and refuses every other address, of any protocol."""

    def __init__(self, logo: str = "") -> None:
        super().__init__(allowed_protocols=("data",))
        self._logo = logo

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """Return the picture that the URI holds; ValueError for any other: WeasyPrint goes on without it."""
        if not url or url != self._logo:
            raise ValueError("Nothing is fetched while a book is set.")
        return super().fetch(url)


class FontFetcher(URLFetcher):  # type: ignore[misc]
    """Serves `font:NAME` for the files in fonts/, to the house stylesheet only."""

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """Return the font's bytes; ValueError for any other address."""
        scheme, _, name = url.partition(":")
        if scheme != "font" or name not in _FONTS:
            raise ValueError("The house stylesheet fetches its own fonts only.")
        return URLFetcherResponse(url, _FONTS[name].read_bytes(), {"Content-Type": "font/ttf"})
