"""`pressroom doctor`: findings about the settings, and about each server that Pressroom needs."""
