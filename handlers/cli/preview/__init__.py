"""`pressroom preview`: a product's whole book with sample text, for whoever develops it."""

from handlers.cli.preview.command import preview

__all__ = ["preview"]
