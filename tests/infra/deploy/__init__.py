"""Files of infra/deploy: looked at by their own tools, and held against what they start."""
