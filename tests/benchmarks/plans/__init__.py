"""How plans are carried out: how fast beside what is possible, how fair, at what cost. A module a measurement."""
