"""Slot sets, each shared by some kinds of step."""

from storage.database import Document
from storage.slots import Slot, slot_token

SLOTS: dict[Slot, tuple[str, ...]] = {"write": ("write",), "render": ("render", "assemble", "compute")}
_SLOT_OF: dict[str, Slot] = {}
for _slot, _kinds in SLOTS.items():
    _SLOT_OF.update(dict.fromkeys(_kinds, _slot))


def slot_of(step: Document) -> Slot:
    """Return the slot set in which a step is counted."""
    return _SLOT_OF[step["kind"]]


def token_of(step: Document) -> str:
    """Return the member that a step holds in its slot set."""
    return slot_token(step["_id"], step["run"])
