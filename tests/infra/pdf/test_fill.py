"""Paper: a printed book does not leave half of it white."""

import pytest

from actors.products.catalogue import PRODUCTS
from tests.infra.pdf.filling import chapters_of, fill_of
from tests.infra.pdf.press import Press


@pytest.mark.parametrize("length", [0.7, 1.0, 1.3])
def test_a_parts_sections_fill_its_pages(press: Press, length: float) -> None:
    """Sections as long as they are asked for, or a third longer or shorter, leave under a sixth of them white."""
    _, (part, style), *_ = chapters_of(PRODUCTS["personal_blueprint"], length)
    fill = fill_of(press.set(part, style).pdf)
    assert len(part.sections) == 6
    assert fill.mean >= 0.85
    assert min(fill.inner) >= 1 / 3
