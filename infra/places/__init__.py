"""Places of the world, found without a call, and their clocks: GeoNames' data (CC BY 4.0), made by `make places`.

`places.txt` has one place a line, the largest first; `names.txt` where the places of each name begin in it, sorted
by name. Both are mapped and not read, so that a search touches a few pages of them.
"""
