"""From what a shopper has bought, through neighbours, to candidates: one pass a shopper over sparse rows.

A candidate's score is the sum over seeds of seed points x similarity points. Its reason is the seed that adds most; a
seed that reads like the candidate (an echo) is the reason only when no other leads there. All sums are integers.
"""

from typing import Any, NamedTuple

import numba
import numpy as np

from recs.pairs import Ints, Rows

_ECHO = 1 << 62


class Through(NamedTuple):
    """Flat candidates: user, item (int32), points (int64) and the seed that adds most (int32, -1 = none)."""

    users: Ints
    items: Ints
    points: Ints
    seeds: Ints


def best_through(seeds: Rows, near: Rows, echo: np.ndarray, owned: Rows, *, n_items: int, top_k: int) -> Through:
    """Each shopper's ``top_k`` candidates, and the ``top_k`` among those they do not own, in one list without repeats.

    seeds, owned: rows by user. near: neighbours by seed item, ``echo`` (bool) beside its items. Sorted by user, then
    points (descending), then item.
    """
    return Through(*_best(*seeds, *near, echo, owned.ptr, owned.items, n_items, top_k))


def score_pairs(seeds: Rows, near: Rows, echo: np.ndarray, users: Ints, items: Ints, *, n_items: int) -> Through:
    """The same scores for given pairs, sorted by user; points 0 and seed -1 where nothing leads to the item."""
    points, reasons = _score(*seeds, *near, echo, users.astype(np.int64), items.astype(np.int64), n_items)
    return Through(users, items, points, reasons)


@numba.njit(cache=True, nogil=True)
def _gather(user: int, seeds: Any, near: Any, echo: Any, acc: Any, best: Any, why: Any, touched: Any) -> int:
    """Add up all candidates of one user into acc, best, why (dense by item); returns how many were touched."""
    ptr, items, points = seeds
    near_ptr, near_items, near_points = near
    count = 0
    for s in range(ptr[user], ptr[user + 1]):
        seed = items[s]
        for n in range(near_ptr[seed], near_ptr[seed + 1]):
            item, adds = near_items[n], points[s] * near_points[n]
            if acc[item] == 0 and why[item] < 0:
                touched[count] = item
                count += 1
            acc[item] += adds
            strength = adds - _ECHO if echo[n] else adds  # any other seed outweighs an echo
            if why[item] < 0 or strength > best[item]:
                best[item], why[item] = strength, seed
    return count


@numba.njit(cache=True, nogil=True)
def _best(
    sp: Any, si: Any, sw: Any, np_: Any, ni: Any, nw: Any, echo: Any, op: Any, oi: Any, n_items: int, top_k: int
) -> Any:
    n_users = len(sp) - 1
    acc, best = np.zeros(n_items, np.int64), np.zeros(n_items, np.int64)
    why, touched = np.full(n_items, -1, np.int32), np.empty(n_items, np.int32)
    out_u, out_i = np.empty(2 * top_k * n_users, np.int32), np.empty(2 * top_k * n_users, np.int32)
    out_p, out_s = np.empty(2 * top_k * n_users, np.int64), np.empty(2 * top_k * n_users, np.int32)
    size = 0
    for user in range(n_users):
        count = _gather(user, (sp, si, sw), (np_, ni, nw), echo, acc, best, why, touched)
        found = touched[:count].copy()
        enough = top_k + op[user + 1] - op[user]  # so many are listed even if they hold all that the shopper owns
        if count > enough:
            found = found[acc[found] >= np.partition(acc[found], count - enough)[count - enough]]
        found.sort()
        order = np.argsort(-acc[found], kind="mergesort")  # stable: equal points go by item
        kept_new = 0
        for place, k in enumerate(order):
            if place >= top_k and kept_new >= top_k:
                break
            item = found[k]
            at = op[user] + np.searchsorted(oi[op[user] : op[user + 1]], item)
            new = at == op[user + 1] or oi[at] != item
            if place < top_k or (new and kept_new < top_k):
                out_u[size], out_i[size], out_p[size], out_s[size] = user, item, acc[item], why[item]
                size += 1
            kept_new += new
        for n in range(count):
            acc[touched[n]], best[touched[n]], why[touched[n]] = 0, 0, -1
    return out_u[:size], out_i[:size], out_p[:size], out_s[:size]


@numba.njit(cache=True, nogil=True)
def _score(
    sp: Any, si: Any, sw: Any, np_: Any, ni: Any, nw: Any, echo: Any, users: Any, items: Any, n_items: int
) -> Any:
    acc, best = np.zeros(n_items, np.int64), np.zeros(n_items, np.int64)
    why, touched = np.full(n_items, -1, np.int32), np.empty(n_items, np.int32)
    points, reasons = np.zeros(len(users), np.int64), np.full(len(users), -1, np.int32)
    start = 0
    while start < len(users):
        user, end = users[start], start
        count = _gather(user, (sp, si, sw), (np_, ni, nw), echo, acc, best, why, touched)
        while end < len(users) and users[end] == user:
            points[end], reasons[end] = acc[items[end]], why[items[end]]
            end += 1
        for n in range(count):
            acc[touched[n]], best[touched[n]], why[touched[n]] = 0, 0, -1
        start = end
    return points, reasons
