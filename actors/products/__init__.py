"""Products: their definitions, the checks of these, the catalogue, and the plans made from them."""
