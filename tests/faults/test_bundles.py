"""Bundles through faults in their short form; `make bundles` runs the long one."""

from infra.local.stack import Stack
from tests.faults.bundles import endure, start_all
from tests.faults.gate import Gate
from tests.pressroom import WITH_TEST_PRODUCTS, Pressroom


def test_every_bundle_ends_in_one_mail_with_its_files(stack: Stack) -> None:
    """S3 and mail fail, and a worker dies: one letter a customer, whose links bring what is on record."""
    with (
        Gate(stack.env["AWS_ENDPOINT_URL_S3"]) as gate,
        Pressroom(stack, WITH_TEST_PRODUCTS, AWS_ENDPOINT_URL_S3=gate.url) as pressroom,
    ):
        start_all(pressroom, full=False)
        count = endure(pressroom, gate, bundles=2, full=0, killed=("middle",), seed=1)
        stack.inbox.clear_faults()
    assert (count.bundles, count.harm) == (2, 0)
    # The line was cut after the server had taken the letter, which needs no death.
    assert (count.unanswered, count.repeats) == (1, 1)
