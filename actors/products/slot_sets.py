"""Slot sets, each shared by some kinds of step."""

from storage.records.plans import PlannedStep, Slot
from storage.records.work import Step
from storage.slots import slot_token

SLOTS: dict[Slot, tuple[str, ...]] = {"write": ("write",), "render": ("render", "assemble", "compute")}
_SLOT_OF: dict[str, Slot] = {}
for _slot, _kinds in SLOTS.items():
    _SLOT_OF.update(dict.fromkeys(_kinds, _slot))


def slot_of(step: Step | PlannedStep) -> Slot:
    """Return the slot set in which a step is counted."""
    return _SLOT_OF[step["kind"]]


def token_of(step: Step) -> str:
    """Return the member that a step holds in its slot set."""
    return slot_token(step["_id"], step["run"])
