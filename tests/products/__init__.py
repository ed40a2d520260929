"""Small products that nobody can buy: for tests of what the sold ones do not use, and as examples."""
