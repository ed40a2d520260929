"""`make rights`: writes the roles of MongoDB's users from what the source of each kind of process can reach.

Names are followed from the process's entry through modules to the functions of `storage/` that it can call. A name
that is only a type counts as well, with all methods of its class: a role may hold more than is used, never less.
"""

import ast
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from storage.indexes import INDEXES
from tests.house.__main__ import module_of, sources

ROLES = Path(__file__).parent.parent / "infra/deploy/mongodb/roles.json"

#: The modules with which each kind of process begins.
_ENTRIES = {
    "webhook": ("handlers.serverless",),
    "web": ("handlers.web", "handlers.ops", "handlers.webhook"),
    "worker": ("actors.worker", "actors.deps.startup"),
    "sweep": ("actors.sweep", "actors.deps.startup"),
    "operator": ("handlers.cli",),
}
#: No operator's: processes of the other kinds, and what only the local stack runs.
_APART = ("handlers.cli.demo", "handlers.cli.main", "handlers.cli.preview", "handlers.cli.processes")
#: By what is called, on a collection or with one as its first argument.
_ACTIONS = {
    **{name: {"find"} for name in ("find", "find_one", "exists", "count_documents", "distinct", "aggregated")},
    "insert_one": {"insert"},
    "insert_many": {"insert"},
    "insert_once": {"insert"},
    "insert_new": {"insert"},
    "update_one": {"update"},
    "update_many": {"update"},
    "update_all": {"update"},
    "updated": {"update"},
    "replace_one": {"update"},
    "find_one_and_update": {"update"},
    "find_one_and_delete": {"remove"},
    "delete_one": {"remove"},
    "delete_many": {"remove"},
}
_BUILDER = ("storage.index_builds", "ensure_indexes")
_DROPPER = ("storage.index_builds", "drop_leftover_indexes")

Rights = dict[str, set[str]]
Name = tuple[str, str]


class Module(NamedTuple):
    """Top-level definitions of a module by their names, and the modules and names that it imports."""

    defined: dict[str, ast.stmt]
    imported: dict[str, Name]


@cache
def _modules() -> dict[str, Module]:
    found = {}
    for path, text in sources().items():
        defined: dict[str, ast.stmt] = {}
        imported: dict[str, Name] = {}
        tree = ast.parse(text)
        for statement in tree.body:
            defined |= dict.fromkeys(_names_of(statement), statement)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                imported |= {one.asname or one.name: (node.module, one.name) for one in node.names}
        found[module_of(path)] = Module(defined, imported)
    return found


def _names_of(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        yield from (target.id for target in targets if isinstance(target, ast.Name))


@cache
def _used_by(module: str, name: str) -> frozenset[Name]:
    """Return the definitions that one names, in its own module or in those that it imports from."""
    defined, imported = _modules()[module]
    if name not in defined:  # as a package hands on a name of one of its modules
        return frozenset({imported[name]} if name in imported else ())
    return frozenset(_named_in(module, defined[name]))


def _named_in(module: str, statement: ast.stmt) -> Iterator[Name]:
    every, (defined, imported) = _modules(), _modules()[module]
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id in defined:
            yield module, node.id
        elif isinstance(node, ast.Name) and node.id in imported:
            yield imported[node.id]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imported:
            owner = ".".join(imported[node.value.id])
            if owner in every:
                yield owner, node.attr


def _reached(process: str) -> set[Name]:
    """Return all definitions that a process can come to."""
    every = _modules()
    entries = [name for name in every if name.startswith(_ENTRIES[process]) and not name.startswith(_APART)]
    ahead = [(module, name) for module in entries for name in every[module].defined]
    found: set[Name] = set()
    while ahead:
        here = ahead.pop()
        if here not in found and here[0] in every:
            found.add(here)
            ahead += _used_by(*here)
    return found


@cache
def _rights_in(statement: ast.stmt) -> Rights:
    """Return what a function does with each collection."""
    rights: Rights = defaultdict(set)
    for node in ast.walk(statement):
        if collection := _collection(node):
            rights[collection].add("find")
        elif isinstance(node, ast.Dict):
            rights |= {name: {"find", *rights[name]} for name in _looked_up(node)}
        elif isinstance(node, ast.Call):
            done, on = _done(node)
            if on and (collection := _collection(on)):
                rights[collection] |= _ACTIONS[done]  # a KeyError here is a way to MongoDB that is new
                if any(one.arg == "upsert" for one in node.keywords):
                    rights[collection].add("insert")
    return rights


def _looked_up(stage: ast.Dict) -> Iterator[str]:
    """Yield the collection that a stage of a pipeline reads by its name."""
    for key, value in zip(stage.keys, stage.values, strict=True):
        if isinstance(key, ast.Constant) and key.value == "from" and isinstance(value, ast.Constant):
            yield str(value.value)


def _done(call: ast.Call) -> tuple[str, ast.expr | None]:
    """Return the name of what is called, and what it is done to."""
    match call.func:
        case ast.Attribute(value=on, attr=name):
            return name, on
        case ast.Name(id=name):
            return name, call.args[0] if call.args else None
    return "", None


def _collection(node: ast.AST) -> str | None:
    match node:
        case ast.Attribute(value=ast.Name(id="db") | ast.Attribute(attr="db"), attr=name):
            name = name.removeprefix("fleeting_")
            return name if name in collections() else None
    return None


@cache
def collections() -> frozenset[str]:
    """Return the names of all collections."""
    opened = ast.walk(_modules()["storage.database"].defined["Database"])
    return frozenset(
        str(one.slice.value)
        for one in opened
        if isinstance(one, ast.Subscript)
        and ast.unparse(one.value) == "database"
        and isinstance(one.slice, ast.Constant)
    )


def rights_of(process: str) -> Rights:
    """Return what a kind of process must be allowed to do with each collection."""
    rights: Rights = defaultdict(set)
    reached = _reached(process)
    for module, name in reached:
        if module.startswith(("storage.", "handlers.", "actors.")) and (
            it := _modules()[module].defined.get(name)
        ):
            for collection, actions in _rights_in(it).items():
                rights[collection] |= actions
    for about, actions in ((_BUILDER, {"find", "listIndexes", "createIndex"}), (_DROPPER, {"dropIndex"})):
        for collection in INDEXES if about in reached else ():
            rights[collection] |= actions
    return rights


def roles() -> dict[str, Mapping[str, list[str]]]:
    """Return the roles: by process and collection, the actions that MongoDB knows."""
    return {
        process: {collection: sorted(actions) for collection, actions in sorted(rights_of(process).items())}
        for process in _ENTRIES
    }


def written() -> str:
    """Return the whole file: a line for each collection of a role."""
    parts = []
    for process, rights in roles().items():
        lines = [f"    {json.dumps(collection)}: {json.dumps(actions)}" for collection, actions in rights.items()]
        parts.append(f"  {json.dumps(process)}: {{\n" + ",\n".join(lines) + "\n  }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    ROLES.write_text(written(), encoding="utf-8")
