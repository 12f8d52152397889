"""Which shoppers are worked on together, and whose whole pools are kept."""

import hashlib

import numpy as np
import polars as pl

USERS_AT_ONCE = 1000


def shards(users: np.ndarray, users_at_once: int = USERS_AT_ONCE) -> list[np.ndarray]:
    """``users`` (codes, ascending) in runs of at most ``users_at_once``: the unit of memory. One empty run for none."""
    return [users[at : at + users_at_once] for at in range(0, len(users), users_at_once)] or [users]


def sampled(dim_user: pl.DataFrame, share: float, *, seed: str = "pools") -> np.ndarray:
    """Codes (int32, ascending) of a share of the shoppers, chosen by a seeded hash of their id: the same every day."""
    codes = dim_user.sort("user_code")["user_code"].to_numpy()
    if share >= 1:
        return codes
    limit = int(share * 2**64)
    ids = dim_user.sort("user_code")["user_id"]
    kept = [int.from_bytes(hashlib.blake2s(f"{seed}\0{i}".encode(), digest_size=8).digest()) < limit for i in ids]
    return codes[np.array(kept, bool)]
