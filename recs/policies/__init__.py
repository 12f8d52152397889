"""Policies: what may be shown next to what, and why. Pure rules over candidate frames; no lookup, no files."""
