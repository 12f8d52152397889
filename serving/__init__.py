"""The lookup service: HTTP, limits, metrics and logs around recs.lookup. What to answer is decided there, not here."""
