"""The ``aisle`` command: thin, over jobs and ``recs``."""
