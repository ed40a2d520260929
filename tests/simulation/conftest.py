"""A database for simulations alone, on the local stack's mongod, and silence about what fails in them."""

from collections.abc import Iterator

import pytest
import structlog

from infra.local.stack import Stack
from tests.simulation.database import Store, open_store
from tests.simulation.products import sold


@pytest.fixture(scope="session")
def store(stack: Stack) -> Iterator[Store]:
    """Open the database."""
    opened = open_store(stack.env["MONGODB_URL"].replace("/pressroom?", "/simulation?"))
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Sell what simulations buy, and log nothing: thousands of warnings belong to them."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with sold():
        yield
    structlog.configure(**before)
