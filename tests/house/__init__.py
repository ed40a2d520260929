"""Size and habits of the product's source: `make size` prints them."""
