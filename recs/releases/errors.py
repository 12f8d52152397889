"""The stated failures of releases."""

from recs.errors import AisleError


class ReleaseError(AisleError):
    """A release that cannot be built, found or moved."""


class ReleaseRefusedError(ReleaseError):
    """A release that must not go in force: it failed a rule, was rolled back, or is older than the one in force."""
