"""What an operator is told of the time that workers have to end."""

from infra.local.stack import Stack
from tests.handlers.doctor import examine
from tests.pressroom import Pressroom


def said(pressroom: Pressroom) -> str:
    """Return what the doctor finds about the end of workers. It is never ill for it."""
    found = examine(pressroom, "clock")["end of workers"]
    assert found.well
    return found.text


def test_the_doctor_says_what_a_deploy_costs(stack: Stack) -> None:
    """A grace period that calls may outlast is named with its price; one that is longer is said to be."""
    with Pressroom(stack, GRACE_S="25") as hasty, Pressroom(stack, GRACE_S="140") as patient:
        assert "longer than GRACE_S, 25 s, is cut and bought again" in said(hasty)
        assert "LLM_TIMEOUT_S, 120 s" in said(hasty)
        assert said(patient) == "calls in the air are waited for"


def test_a_worker_says_what_a_deploy_costs(stack: Stack) -> None:
    """The log of a worker that calls has a warning; the one that mails has no calls."""
    with Pressroom(stack) as pressroom:
        assert "is cut and bought again" in pressroom.start("worker", "life_clarity").output()
        assert "is cut and bought again" not in pressroom.start("worker", "bundle").output()
