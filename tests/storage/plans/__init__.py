"""A long history in MongoDB, every question that is asked of it, and how each is answered."""
