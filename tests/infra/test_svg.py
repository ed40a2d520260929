"""A brand's logo as SVG: what is drawn on every cover must be quick to draw, and stand alone."""

from pathlib import Path

import pytest

from infra.errors import SettingsError
from infra.tenants_file import read_tenants

XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
#: As drawing programs write them.
SHAPES = {
    "of Illustrator": (
        '<?xml version="1.0" encoding="utf-8"?><!-- Generator: Adobe Illustrator -->'
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><defs><style>.a{fill:url(#g);}</style>'
        '<linearGradient id="g"><stop offset="0"/></linearGradient></defs><path class="a" d="M0 0h9v9z"/></svg>'
    ),
    "of Sketch": (
        f'<svg xmlns="http://www.w3.org/2000/svg" {XLINK}><defs><path id="p" d="M0 0h9"/></defs>'
        '<mask id="m"><use xlink:href="#p"/></mask><use fill="#1f5a5e" xlink:href="#p"/><g mask="url(#m)"/></svg>'
    ),
    "of Inkscape": (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd">'
        '<sodipodi:namedview/><metadata/><g style="fill:url( &quot;#g&quot; )"><circle r="4"/></g></svg>'
    ),
    "with a mark": '\ufeff<svg xmlns="http://www.w3.org/2000/svg"><text>Aurora</text></svg>',
}


def read(folder: Path, svg: str | bytes) -> None:
    """Read a TENANTS_FILE that names this logo."""
    (folder / "logo.svg").write_bytes(svg if isinstance(svg, bytes) else svg.encode())
    (folder / "tenants.toml").write_text('[aurora]\nlogo = "logo.svg"\n')
    read_tenants(str(folder / "tenants.toml"))


def doubling(times: int, reference: str = '<use href="#{}"/>') -> str:
    """Return a picture whose every group has the one before it twice: a line of text more, twice the shapes."""
    groups = "".join(f'<g id="g{n}">{reference.format(f"g{n - 1}") * 2}</g>' for n in range(1, times))
    return f'<svg xmlns="http://www.w3.org/2000/svg"><g id="g0"><path d="M0 0h9"/></g>{groups}</svg>'


@pytest.mark.parametrize("svg", SHAPES.values(), ids=SHAPES.keys())
def test_logos_as_programs_write_them_are_taken(tmp_path: Path, svg: str) -> None:
    """A document type, style sheets, gradients, masks, and one shape used several times are usual."""
    read(tmp_path, svg)


@pytest.mark.parametrize(
    ("svg", "why"),
    [
        (doubling(20), "draws more than 5000 shapes"),
        (doubling(1000), "draws more than 5000 shapes"),
        (doubling(20, '<g mask="url(#{})"/>'), "draws more than 5000 shapes"),
        (doubling(20, "<g style=\"fill: red; clip-path:url('#{}')\"/>"), "draws more than 5000 shapes"),
        ("<svg>" + "<path/>" * 5000 + "</svg>", "draws more than 5000 shapes"),
        ('<svg><g id="a"><use href="#a"/></g></svg>', "refers to itself"),
        ('<svg><g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g></svg>', "refers to itself"),
        ("<svg>" + "<g>" * 20_000 + "</g>" * 20_000 + "</svg>", "is nested too deeply"),
        ('<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg><text>&a;</text></svg>', "declares entities"),
        ("<svg><script>alert(1)</script></svg>", "has an element <script>"),
        ("<svg><foreignObject/></svg>", "has an element <foreignObject>"),
        ('<svg><image href="data:image/png;base64,AAAA"/></svg>', "has an element <image>"),
        ('<svg><use href="https://else.example/x.svg#a"/></svg>', "refers to something outside"),
        ('<svg><path fill="url(https://else.example/x.svg#a)"/></svg>', "refers to something outside"),
        ("<svg><style>@import 'https://else.example/x.css';</style></svg>", "refers to something outside"),
        ('<svg><style>path{mask:url(#m)}</style><mask id="m"/></svg>', "more than gradients"),
        ("<svg><path></svg>", "is no XML"),
        (b"<svg>\xff</svg>", "is no XML"),
        ("<svg/>".encode("utf-16-le"), "is no XML"),
    ],
)
def test_a_logo_that_is_slow_or_leads_elsewhere_stops_the_start(
    tmp_path: Path, svg: str | bytes, why: str
) -> None:
    """One line names the tenant and the reason."""
    with pytest.raises(SettingsError, match=r"^TENANTS_FILE: tenant aurora: logo .+\.$") as refused:
        read(tmp_path, svg)
    assert why in str(refused.value)
