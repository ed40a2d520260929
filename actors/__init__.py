"""Work that follows an accepted event: products, their short and repeatable actors, and the sweep."""
