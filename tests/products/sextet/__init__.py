"""Two small reports with a step of each kind, apart and together."""
