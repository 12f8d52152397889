"""Ranking: candidates joined with features, a LightGBM lambdarank model a purpose, and the ranked best of each pool."""
