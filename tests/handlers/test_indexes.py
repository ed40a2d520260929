"""`pressroom indexes`: an operator builds indexes before a deploy, and removes an older version's after it."""

from infra.local.stack import Stack
from tests.pressroom import Pressroom


def test_indexes_are_built_before_any_process_starts(stack: Stack) -> None:
    """It says what it builds and of how much, nothing where all is there, and what is left of older versions."""
    with Pressroom(stack) as bare:
        bare.db.orders.insert_one({"token": "t", "email": "ada@customer.example"})
        bare.db.orders.create_index("colours")
        first = bare.cli("indexes").splitlines()
        assert any(line.startswith("orders: builds token_1") and line.endswith("of 1 documents") for line in first)
        assert bare.cli("indexes").splitlines() == [
            "orders.colours_1: not needed by this version; --drop removes it",
            "every index is there",
        ]
        assert "orders.colours_1: removed" in bare.cli("indexes", "--drop")
        assert bare.cli("indexes") == "every index is there\n"
        assert "token_1" in bare.db.orders.index_information()
