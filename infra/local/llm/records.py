"""What the stub was asked: one record a request, from its arrival on."""

import random
import time
from dataclasses import asdict, dataclass
from typing import Any

_CONSONANTS = "bdfklmnprstvz"
_VOWELS = "aeiou"


@dataclass
class Record:
    """One request. Times are Unix time in seconds; `status` and `finished_at` are None while it is in flight.

    `fault` is what it met, if anything; `client_gone` that nobody was there any more to take the answer.
    `request_id` is the caller's `X-Client-Request-Id`. `word` stands in the answer's text and in no other's.
    """

    n: int
    order: str
    product: str
    section: str
    request_id: str | None
    word: str
    input: str
    started_at: float
    status: int | None = None
    fault: str | None = None
    client_gone: bool = False
    finished_at: float | None = None


class Records:
    """All requests, in the order of their arrival."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._words: set[str] = set()

    def open(self, metadata: dict[str, str], request_id: str | None, text: str) -> Record:
        """Note that a request has come."""
        record = Record(
            n=len(self._records) + 1,
            order=metadata.get("order", ""),
            product=metadata.get("product", ""),
            section=metadata.get("section", ""),
            request_id=request_id,
            word=self._new_word(),
            input=text,
            started_at=time.time(),
        )
        self._records.append(record)
        return record

    def close(self, record: Record, status: int, *, client_gone: bool = False) -> None:
        """Note how it was answered; 0 is a line that was cut."""
        record.status = status
        record.client_gone = client_gone
        record.finished_at = time.time()

    def as_json(self, **wanted: str | None) -> list[dict[str, Any]]:
        """The records whose `order`, `product` and `section` are these, where given."""
        return [
            asdict(record)
            for record in self._records
            if all(value in (None, getattr(record, field)) for field, value in wanted.items())
        ]

    def _new_word(self) -> str:
        """A word that one can say, of 8 to 10 letters, that has not been given out before."""
        while True:
            syllables = [random.choice(_CONSONANTS) + random.choice(_VOWELS) for _ in range(4)]
            word = "".join(syllables) + random.choice(["", "n", "ra", "la", "s"])
            if word not in self._words:
                self._words.add(word)
                return word
