"""Releases: one as-of day's surfaces pinned together, loaded, checked, put in force, taken back. See `board`."""
