"""Steps that this process works on."""

from actors.deps.held import Claims


def test_a_duplicate_does_not_hide_what_the_first_one_holds() -> None:
    """A step is worked on until everybody who took its message is done with it."""
    claims = Claims()
    with claims.holding("s"):
        with claims.holding("s"):
            pass
        assert "s" in claims
    assert "s" not in claims
