"""What WeasyPrint may load: this package's own fonts, and nothing else."""

from pathlib import Path

from weasyprint.urls import URLFetcher, URLFetcherResponse

_FONTS = {path.name: path for path in (Path(__file__).parent / "fonts").glob("*.ttf")}


class NoFetcher(URLFetcher):  # type: ignore[misc]
    """Refuses every address, of whatever protocol."""

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """Raise ValueError: WeasyPrint goes on without the resource."""
        raise ValueError("Nothing is fetched while a book is set.")


class FontFetcher(URLFetcher):  # type: ignore[misc]
    """Serves `font:NAME` for the files in fonts/, to the house stylesheet only."""

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """The font's bytes; ValueError for any other address."""
        scheme, _, name = url.partition(":")
        if scheme != "font" or name not in _FONTS:
            raise ValueError("The house stylesheet fetches its own fonts only.")
        return URLFetcherResponse(url, _FONTS[name].read_bytes(), {"Content-Type": "font/ttf"})
