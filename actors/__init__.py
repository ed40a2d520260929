"""What happens after the 200: products and their short, repeatable actors; the sweep."""
