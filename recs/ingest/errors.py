"""Failures of ingestion itself, as opposed to dirt in a source, which is quarantined."""

from recs.errors import AisleError


class IngestError(AisleError):
    """Ingestion cannot go on: its own files are damaged, or its counts do not add up."""
