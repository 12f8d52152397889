"""The one border where a shop's user id becomes the internal one and back. Inside, the clear id does not exist."""

from recs.identity.errors import IdentityError
from recs.identity.identity import PLAIN, Identity
from recs.identity.key import IdentitySettings, load_identity

__all__ = ["PLAIN", "Identity", "IdentityError", "IdentitySettings", "load_identity"]
