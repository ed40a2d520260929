"""One press for all tests that leave it whole."""

from collections.abc import Iterator

import pytest

from tests.infra.pdf.press import Press, new_press


@pytest.fixture(scope="session")
def press() -> Iterator[Press]:
    """A warm renderer of two children."""
    with new_press() as press:
        press.run(press.renderer.warm_up())
        yield press
