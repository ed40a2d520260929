"""Findings about the typesetter: whether type can be set here, and whether every script has a font."""

from handlers.cli.common import Row
from handlers.cli.doctor.findings import IsOfNoUse, find
from infra.languages import letters_by_language
from infra.pdf import FONTS, Renderer

#: The typesetter is no server: its libraries are loaded first, which a busy machine takes its time for.
_LOADING_S = 30.0
_LOAD = "is this machine too busy?"
_EMOJI = "🙂"


async def try_typesetter() -> list[Row]:
    """Set a page, then a letter or so of each language. The second is not tried where the first fails."""
    renderer = Renderer(processes=1)
    try:
        type_row = await find("typesetter", renderer.warm_up(), _LOADING_S, "sets type", _LOAD)
        if not type_row["well"]:
            return [type_row]
        return [type_row, await find("fonts", _fonts(renderer), _LOADING_S, remedy=_LOAD)]
    finally:
        await renderer.close()


async def _fonts(renderer: Renderer) -> str:
    samples = {**letters_by_language(), "emoji": _EMOJI}
    lost = await renderer.letters_without_font("".join(samples.values()))
    missing = [name for name, letters in samples.items() if lost & {*letters}]
    if missing:
        raise IsOfNoUse(
            f"no font has the letters of {', '.join(missing)}, which are printed as boxes: install {FONTS}"
        )
    return "have the letters of all languages"
