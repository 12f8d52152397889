"""Where a request's user id becomes the internal one, the only kind that a store holds."""

import msgspec

from recs.identity import Identity
from recs.lookup.query import Query


def internal(query: Query, identity: Identity) -> Query:
    """The question as the store knows its shopper. Answers hold no user id, so none has to come back."""
    if query.user_id is None or not identity.is_sealed:
        return query
    return msgspec.structs.replace(query, user_id=identity.inside_one(query.user_id))
