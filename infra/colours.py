"""Colours as text."""

import re

#: `#rrggbb`, the one form that stylesheets, letters and files of tenants may be given.
COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
