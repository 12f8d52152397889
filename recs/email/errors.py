"""Failures of email batches."""

from recs.errors import AisleError


class EmailError(AisleError):
    """A campaign's batch cannot be made, read or trusted."""


class BatchRefusedError(EmailError):
    """A batch that would contradict what has been sent already."""
