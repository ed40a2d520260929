"""Reports for screens: what reading programs require of them, and what no text may do to them."""
