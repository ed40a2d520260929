"""Letters to customers and operators: a folder of templates each, brands, and figures as people read them."""
