"""What a book costs to set and to bind, beside other ways to make the same one."""
