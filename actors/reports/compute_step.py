"""Computes the values that sections build on, in a child process, so that the loop goes on meanwhile."""

from typing import Any

import msgspec

from actors.deps.worker import WorkDeps
from actors.products.catalogue import PRODUCTS
from actors.products.definition import Computation, Found
from actors.reports.claim import Claim
from infra.errors import PermanentError
from infra.foreign_json import text_or_none
from storage.records.work import StepResult

#: The most characters of JSON: a value is part of a document and of prompts, not a file.
_MAX_VALUE = 256 * 1024


class ComputationDoesNotExist(PermanentError):
    """The plan names a computation that this version of the product has no more."""


class ValueIsUnusable(PermanentError):
    """A computation returned a value that JSON cannot hold, or one that is too long."""


async def compute_step(deps: WorkDeps, claim: Claim) -> StepResult:
    """Compute the step. Returns the value as JSON, and as text where it is one."""
    plan = await deps.plans.get(claim.step["plan"])
    step = plan["steps"][claim.step["key"]]
    computation = _computation(claim.step["product"], step["computation"])
    found = Found(claim.order["answers"], await claim.values())
    return kept(await deps.children.run(plan["limits"]["compute"], computation.run, found))


def kept(value: Any) -> StepResult:
    """Return a value as a result that can be stored, shown and told. ValueIsUnusable if it cannot be."""
    try:
        encoded = msgspec.json.encode(value).decode()
    except (TypeError, ValueError) as error:
        raise ValueIsUnusable(f"A computation's value cannot be kept as JSON: {type(error).__name__}.") from None
    if len(encoded) > _MAX_VALUE:
        raise ValueIsUnusable(f"A computation's value has {len(encoded)} characters, more than {_MAX_VALUE}.")
    text = text_or_none(value)
    return {"value": encoded, "text": text, "summary": text or encoded}


def _computation(product: str, name: str) -> Computation:
    found = next((one for one in PRODUCTS[product].computations if one.id == name), None)
    if found is None:
        raise ComputationDoesNotExist(f"{product} has no computation {name} any more.")
    return found
