"""The list of cases is whole."""

import re
from pathlib import Path

import pytest

#: Every number of the list but 41 and 42, which only a serverless function can be sent.
NUMBERS = set(range(1, 82)) - {25, 29, 34, 35, 41, 42}


class Names:
    """Keeps the names of the tests that are found."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take them from the session that looked for them."""
        self.found = [item.name for item in session.items]


def test_every_case_has_a_test() -> None:
    """Each number of the list stands in the name of at least one test in this folder."""
    names = Names()
    assert (
        pytest.main(["--collect-only", "-qq", "-p", "no:xdist", str(Path(__file__).parent)], plugins=[names]) == 0
    )
    numbered = [re.search(r"case[-_](\d+(?:_\d+)*)", name) for name in names.found]
    assert {int(number) for each in numbered if each for number in each[1].split("_")} == NUMBERS
