"""Values of a preview: sample text in the place of each section, and all that the product computes from it."""

from collections.abc import Mapping
from typing import Any

from actors.products.definition import Computation, Found, Product
from actors.products.plans import plan_of
from actors.reports.claim import value_of
from actors.reports.compute_step import kept
from handlers.cli.preview.sample import sample_answers, sample_texts
from infra.children.child import cause
from infra.errors import PressroomError
from infra.pdf import Renderer


class ProductFails(PressroomError):
    """A computation or a chart of the product raised an error, which the text quotes in one line."""

    quotes = True

    def __init__(self, product: str, part: str, error: Exception) -> None:
        """Name the product, and the part that raised the error."""
        super().__init__(f"{product}: {part} failed: {cause(error)}")


async def find_values(renderer: Renderer, product: Product) -> dict[str, Any]:
    """Return the texts and values of a product's parts by their ids. ProductFails if a computation does."""
    values: dict[str, Any] = dict(sample_texts(product))
    computations = {one.id: one for one in product.computations}
    for step in plan_of(product)["steps"].values():
        if step["kind"] == "compute":
            computation = computations[step["computation"]]
            values[computation.id] = await _value(renderer, product, computation, values)
    return values


async def _value(renderer: Renderer, product: Product, computation: Computation, values: Mapping[str, Any]) -> Any:
    """Return a value as what follows it will find it, computed in a child process as a worker does."""
    found = Found(sample_answers(product), {one: values[one] for one in computation.after})
    try:
        return value_of(kept(await renderer.pool.run(product.limits.compute_s, computation.run, found)))
    except Exception as error:
        raise ProductFails(product.name, f"the computation {computation.id}", error) from error
