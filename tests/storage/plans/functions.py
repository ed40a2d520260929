"""The functions of `storage` that ask MongoDB: whoever adds one must have its plan looked at."""

import inspect
import pkgutil
from importlib import import_module
from types import ModuleType

import storage
from storage import changes, index_builds, replica_set

#: They ask for no documents, or on behalf of others.
_NO_QUESTIONS: set[object] = {
    index_builds.ensure_indexes,
    index_builds.leftover_indexes,
    index_builds.drop_leftover_indexes,
    replica_set.expect_replica_set,
    changes.follow_changes,
}


def _asks(member: object) -> bool:
    """Whether it is a coroutine function of a database."""
    return inspect.iscoroutinefunction(member) and next(iter(inspect.signature(member).parameters), "") == "db"


def _public(module: ModuleType) -> dict[object, str]:
    return {member: name for name, member in vars(module).items() if _asks(member) and not name.startswith("_")}


def _functions() -> dict[object, str]:
    found: dict[object, str] = {}
    for one in pkgutil.iter_modules(storage.__path__):
        found |= _public(import_module(f"storage.{one.name}"))
    return {member: name for member, name in found.items() if member not in _NO_QUESTIONS}


#: By what they are: under which name others import them is nobody's business.
FUNCTIONS = _functions()
