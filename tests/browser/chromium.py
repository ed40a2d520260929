"""Debian's Chromium, headless and alone."""

import shutil

from playwright.sync_api import Browser, Playwright

#: No sandbox, since the suite may run as root; and no traffic of the browser's own.
_ALONE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def launched(driver: Playwright) -> Browser:
    """Return a browser, which `make test` has had installed."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "There is no Chromium: run `make test`, or install it."
    return driver.chromium.launch(executable_path=path, args=_ALONE)
