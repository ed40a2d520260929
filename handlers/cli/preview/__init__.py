"""`pressroom preview`: a product's whole book with sample text, for whoever develops it."""
