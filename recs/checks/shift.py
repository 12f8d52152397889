"""How far a distribution has moved from another: the population stability index."""

import math
from collections.abc import Mapping, Sequence

GROUPS = 10
SMOOTHING = 1e-4  # added to every share, so that an empty group is far away but not infinitely far


def psi(one: Sequence[float], other: Sequence[float]) -> float:
    """Sum over groups of (p - q) ln(p / q), p and q being the smoothed shares of two aligned lists of counts.

    0 for equal shapes, the same both ways. Under 0.1 little has moved, over 0.25 much. ValueError where one is empty.
    Source: Kullback and Leibler's J-divergence (1951); bounds as in Siddiqi, "Credit Risk Scorecards" (2006).
    """
    shares = [_shares(counts) for counts in (one, other)]
    return sum((p - q) * math.log(p / q) for p, q in zip(*shares, strict=True))


def mix_shift(now: Mapping[str, int], usual: Mapping[str, int]) -> float:
    """PSI of counts by value."""
    values = sorted({*now, *usual})
    return psi([now.get(v, 0) for v in values], [usual.get(v, 0) for v in values])


def number_shift(now: Mapping[str, int], usual: Mapping[str, int], groups: int = GROUPS) -> float:
    """PSI of counts by bin (names of bins are whole numbers), over ``groups`` of bins that usually hold as much each.

    What lies beyond the usual bins counts to the group at that end.
    """
    ends = _ends({int(name): rows for name, rows in usual.items()}, groups)
    return psi(_grouped(now, ends), _grouped(usual, ends))


def _shares(counts: Sequence[float]) -> list[float]:
    total = sum(counts)
    if total <= 0:
        raise ValueError("a distribution needs at least one value")
    return [(count / total + SMOOTHING) / (1 + SMOOTHING * len(counts)) for count in counts]


def _ends(usual: Mapping[int, int], groups: int) -> list[int]:
    """The last bin of every group but the last; a bin is never split, so there may be fewer groups."""
    total, seen = sum(usual.values()), 0
    ends: list[int] = []
    bins = sorted(usual)
    for name in bins[:-1]:
        seen += usual[name]
        if seen * groups >= total * (len(ends) + 1):
            ends.append(name)
    return ends


def _grouped(counts: Mapping[str, int], ends: Sequence[int]) -> list[int]:
    from bisect import bisect_left

    grouped = [0] * (len(ends) + 1)
    for name, rows in counts.items():
        grouped[bisect_left(ends, int(name))] += rows
    return grouped
