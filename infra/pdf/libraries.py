"""Libraries and fonts of the system that type cannot be set without, and the packages that bring them."""

from contextlib import redirect_stdout
from io import StringIO

from infra.children.child import cause
from infra.pdf.errors import RendererCannotStart

#: Packages with the libraries, and with the fonts of other scripts.
LIBRARIES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 (Debian) or pango (Homebrew)"
FONTS = (
    "fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji (Debian), "
    "or font-noto-sans font-noto-serif font-noto-serif-cjk font-noto-color-emoji (Homebrew) and Noto's others"
)
#: 1.50, as Pango writes its versions.
_LEAST_PANGO = 15000


def require_libraries() -> None:
    """Load the libraries. RendererCannotStart names what is missing or too old, and the packages."""
    try:
        with redirect_stdout(StringIO()):  # WeasyPrint prints a page about a missing library
            from weasyprint.text.ffi import harfbuzz_subset, pango
    except (ImportError, OSError) as error:
        raise RendererCannotStart(
            f"WeasyPrint cannot be used here: {cause(error)}. Install {LIBRARIES}"
        ) from error
    if harfbuzz_subset is None:  # WeasyPrint would make subsets in another way, and other bytes
        raise RendererCannotStart(f"The library libharfbuzz-subset is missing. Install {LIBRARIES}")
    if (version := pango.pango_version()) < _LEAST_PANGO:
        told = f"{version // 10000}.{version // 100 % 100}"
        raise RendererCannotStart(f"Pango {told} is too old: 1.50 or later is needed. Install {LIBRARIES}")
    if not _count_fonts():  # Pango would end the process
        raise RendererCannotStart(f"No font is installed. Install {FONTS}")


def _count_fonts() -> int:
    from weasyprint.text.ffi import fontconfig

    config = fontconfig.FcInitLoadConfigAndFonts()
    count = int(fontconfig.FcConfigGetFonts(config, fontconfig.FcSetSystem).nfont)
    fontconfig.FcConfigDestroy(config)
    return count
