"""What an opener shows of its order: a pure function of the answers and of the day, drawn when it is set."""

from actors.products.catalogue import PRODUCTS
from actors.products.definition import Occasion
from infra.charts import Wheel
from storage.database import Document


def chart_of(product: str, chapter: str, order: Document) -> Wheel | None:
    """Return the chart of a chapter as its product is defined now, or None if it has none."""
    drawn = next((one.chart for one in PRODUCTS[product].chapters if one.id == chapter), None)
    return drawn(Occasion(order["answers"], order["paid_at"].date())) if drawn else None
