"""Products: their definitions, the checks of these, what is sold, and the plans that they come to."""
