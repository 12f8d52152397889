"""Failures at the border. Their words never hold a clear id or a key."""

from recs.errors import AisleError


class IdentityError(AisleError):
    """An id that cannot be opened, or a lake of another mode or key."""
