"""Circles of imports: modules that import one another, directly or by way of others."""

import ast
from collections.abc import Mapping


def circles(sources: Mapping[str, str]) -> list[list[str]]:
    """Return the circles among modules, given their sources by their dotted names; a package has its folder's.

    Imports within functions and for types only are imports, too.
    """
    imports = {name: _imported(text, sources) - {name} for name, text in sources.items()}
    reached = {name: _reachable(name, imports) for name in imports}
    found = {frozenset(one for one in reached[name] if name in reached[one]) for name in imports}
    return sorted(sorted(circle) for circle in found if circle)


def _imported(text: str, sources: Mapping[str, str]) -> set[str]:
    named: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules = {f"{node.module}.{alias.name}" for alias in node.names} & sources.keys()
            # A name that is no module belongs to the package itself.
            named |= modules if len(modules) == len(node.names) else {*modules, str(node.module)}
    return named & sources.keys()


def _reachable(start: str, imports: Mapping[str, set[str]]) -> set[str]:
    """Return the modules that a module reaches; itself only if it stands in a circle."""
    reached: set[str] = set()
    ahead = set(imports[start])
    while ahead:
        module = ahead.pop()
        reached.add(module)
        ahead |= imports[module] - reached
    return reached
