"""`make bench-mix`: a burst of all products, beside its fast orders alone and beside its typesetting alone."""

import json
import pickle
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from actors.products.catalogue import OFFERS, queues
from tests.benchmarks.figures import percentile, publish
from tests.benchmarks.measured import Row, say
from tests.benchmarks.plans.books import books_of
from tests.benchmarks.plans.shop import FAST, Purchase, Shop, module, opened
from tests.benchmarks.plans.typesetting import Book
from tests.benchmarks.plans.waits import waits_of
from tests.benchmarks.processor import own_s, trees_s

_CALL_S, _WORDS = 0.02, 60
_FAST = 75
_OTHERS = {"personal_blueprint": 19, "personal_horoscope": 3, "bundle": 3}
#: One book in so many is typeset once more in a single process.
_SAMPLE = 6
_PATIENCE_S = 400

Used = dict[str, float]


def main() -> None:
    """Measure the fast ones alone, the whole, and its typesetting alone; publish what they come to."""
    with opened("mix", *queues()[:-1], latency_s=_CALL_S) as shop:
        shop.stack.llm.add_fault(kind="long", words=_WORDS)
        shop.warm_up()
        say(f"mix: {_FAST} orders of {FAST} alone")
        alone = waits_of(shop, _seen_through(shop, shop.evenly(_FAST, 0))).delivery
        say("mix: the same beside all others")
        fast, others = shop.evenly(_FAST, 0), _others(shop)
        before = _used(shop)
        sent = _seen_through(shop, [*fast, *others])
        used = {name: seconds - before[name] for name, seconds in _used(shop).items()}
        mixed = waits_of(shop, {one.order: sent[one.order] for one in fast}).delivery
        whole_s = max(shop.delivered_at(list(sent)).values()) - min(sent.values())
        mails = shop.db.deliveries.count_documents({"order": {"$in": list(sent)}, "state": "sent"})
        books = books_of(shop, list(sent))
    say(f"mix: typesetting its {len(books)} books alone, in two processes")
    typesetting_s, _ = _typeset(books, 2)
    say("mix: some of them in one process")
    sample = books[::_SAMPLE]
    _, sample_s = _typeset(sample, 1)
    chapter_s = sample_s / _chapters(sample)
    sections = sum(len(section) for _, chapters in books for section in (c.sections for c in chapters))
    own, children = _sum(used, "own"), _sum(used, "children")
    figures = {
        "mix_fast_mail_ratio": percentile(mixed, 0.95) / percentile(alone, 0.95),
        "mix_all_to_typesetting": whole_s / typesetting_s,
        "own_cpu_ms_per_section": 1000 * own / sections,
        "child_cpu_ratio": children / (chapter_s * _chapters(books)),
        "mail_cpu_ms": 1000 * used["own worker-bundle"] / mails,
    }
    rows: list[Row] = [
        {"what": f"{_FAST} fast orders alone, mailed, p95", "s": percentile(alone, 0.95)},
        {"what": "the same in the mix", "s": percentile(mixed, 0.95)},
        {"what": "all of the mix delivered", "s": whole_s},
        {"what": "its typesetting alone, in two processes", "s": typesetting_s},
        *({"what": f"CPU: {name}", "s": seconds} for name, seconds in sorted(used.items())),
        {"what": "CPU of one chapter in one warm process, binding included", "s": chapter_s},
        {"what": f"CPU of a chapter's children ({_chapters(books)} chapters)", "s": children / _chapters(books)},
    ]
    said = ", ".join(f"{count} {name}" for name, count in {FAST: _FAST, **_OTHERS}.items())
    publish("mix", f"{said} at once, calls of {_CALL_S:g} s and {_WORDS} words, one worker a queue", rows, figures)


def _others(shop: Shop) -> list[Purchase]:
    return [shop.purchase(name, price=OFFERS[name].price) for name, count in _OTHERS.items() for _ in range(count)]


def _seen_through(shop: Shop, purchases: Sequence[Purchase]) -> dict[str, float]:
    """Deliver all at once, and return when each was sent once all are delivered."""
    sent = shop.deliver(purchases)
    shop.until_all_delivered(list(sent), _PATIENCE_S, look_every_s=1)
    return sent


def _used(shop: Shop) -> Used:
    """Return the CPU seconds of every process so far; of ours, their own and their children's apart."""
    ours = {part.name: part.pid for part in shop.parts}
    trees = trees_s({part.name: part.pid for part in shop.stack.parts})
    own = {name: own_s(pid) for name, pid in ours.items()}
    return {
        **{f"own {name}": seconds for name, seconds in own.items()},
        **{f"children {name}": trees[name] - seconds for name, seconds in own.items()},
        **{f"server {name}": seconds for name, seconds in trees.items() if name not in ours},
    }


def _sum(used: Mapping[str, float], kind: str) -> float:
    return sum(seconds for name, seconds in used.items() if name.startswith(f"{kind} "))


def _chapters(books: Sequence[Book]) -> int:
    return sum(len(chapters) for _, chapters in books)


def _typeset(books: Sequence[Book], processes: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as folder:
        file = Path(folder) / "books"
        file.write_bytes(pickle.dumps(list(books)))
        command = [*module("typesetting"), str(file), str(processes)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    assert done.returncode == 0, f"typesetting alone failed: {done.stderr[-2000:]}"
    wall_s, used_s = json.loads(done.stdout)
    return wall_s, used_s


if __name__ == "__main__":
    main()
