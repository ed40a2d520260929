"""Letters to customers and operators: their templates, brands, and figures in readable form."""
