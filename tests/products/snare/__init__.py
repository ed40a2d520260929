"""A product that hangs its worker."""
