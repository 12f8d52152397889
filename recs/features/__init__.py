"""What a feature is worth and what a change does to it: distributions, drift, rank correlation, rows by their keys."""
