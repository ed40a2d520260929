"""`pressroom preview`: a product's whole book with sample text, for its developers."""
