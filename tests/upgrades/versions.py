"""Other versions of Pressroom, each in a folder that its processes run from, beside those of this one."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.dist import PACKAGES, ROOT, copy_packages


class Edit(NamedTuple):
    """Words of a file, which stand there once, and those of the version to come."""

    file: str
    now: str
    then: str


#: A version to come, as decision 24 lets versions differ: another form of plan beside the known one, a key that
#: gets another name and is written under both, an index more and one less, another style of chapters.
NEXT = (
    Edit("actors/products/plans.py", "FORMATS = (2,)", "FORMATS = (2, 3)"),
    Edit("actors/reports/begin_report.py", '"kills": 0,', '"kills": 0, "deaths": 0,'),
    Edit("storage/steps.py", '"kills": 0,', '"kills": 0, "deaths": 0,'),
    Edit("storage/claims.py", '"$inc": {"kills": kills,', '"$inc": {"kills": kills, "deaths": kills,'),
    Edit("storage/indexes.py", '"audit": [', '"audit": [_index("at"), '),
    Edit("storage/indexes.py", '_index("state", "began_at"), _index("-made_at"),', '_index("state", "began_at"),'),
    Edit("infra/pdf/templates/house.css", "/* The house style.", "/* The house style to come."),
)
#: The one after it: the key is read under its new name, and under the old one where that is missing.
AFTER_NEXT = (
    *NEXT,
    Edit("actors/sweep/steps.py", 'if step["kills"] + kills', 'if step.get("deaths", step["kills"]) + kills'),
    Edit("actors/reports/slots.py", 'step["kills"] == 0', 'step.get("deaths", step["kills"]) == 0'),
    Edit("actors/reports/perform_step.py", 'seen["kills"] >', 'seen.get("deaths", seen["kills"]) >'),
    Edit(
        "storage/claims.py",
        'free["kills"] = {"$lte": most_kills}',
        'free["$expr"] = {"$lte": [{"$ifNull": ["$deaths", "$kills"]}, most_kills]}',
    ),
)


def version_to_come(folder: Path, edits: Sequence[Edit] = NEXT) -> Path:
    """Copy this version into a folder, changed as the next one may be, or as those edits say."""
    copy_packages(folder)
    for edit in edits:
        file = folder / edit.file
        text = file.read_text(encoding="utf-8")
        assert text.count(edit.now) == 1, edit
        file.write_text(text.replace(edit.now, edit.then), encoding="utf-8")
    return folder


def version_of(revision: str, folder: Path) -> Path:
    """Unpack the version of one of git's revisions into a folder. It fails where git does not have it."""
    archive = folder.with_suffix(".tar")
    command = ["git", "archive", "--output", str(archive), revision, *PACKAGES]
    subprocess.run(command, cwd=ROOT, check=True)
    shutil.unpack_archive(archive, folder, filter="data")
    return folder
