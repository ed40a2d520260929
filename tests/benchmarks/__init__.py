"""What it costs: ratios and medians, taken in one run, printed and kept in bench-output/."""
