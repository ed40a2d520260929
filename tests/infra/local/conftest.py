"""One stack for the whole folder; a test that ends a part starts it again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.stack import Stack
from tests.infra.local.shop import Shop
from tests.warm import begin


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The local stack, up."""
    folder: Path = tmp_path_factory.mktemp("stack")
    with Stack(folder, latency_s=0.01, begin=begin) as stack:
        yield stack


@pytest.fixture
def shop(stack: Stack) -> Iterator[Shop]:
    """Something that listens where Stripe's webhooks go."""
    with Shop(stack.web_port) as shop:
        yield shop


@pytest.fixture
def held(stack: Stack) -> Iterator[Stack]:
    """The stack, with Stripe's events undelivered during the test and none of its faults left over."""
    stack.stripe.hold_deliveries()
    yield stack
    stack.stripe.resume_deliveries()
    stack.stripe.clear_faults()
