"""A ranker's score taken apart into what each feature adds, and checked against the score that is shown."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from recs.errors import LakeError

_ROUNDING = 1e-6  # of sums of some hundred doubles, far above what they lose and far below what moves a rank


def score_parts(names: Sequence[str], values: np.ndarray, parts: np.ndarray) -> dict[str, Any]:
    """``features`` (feature, value, contribution; what moves the score most first), ``base`` and ``sum``.

    values: float [features], NaN where a feature is not known. parts: of ``Scoring.contributions``, the base last.
    """
    order = sorted(range(len(names)), key=lambda n: (-abs(parts[n]), n))
    features = [{"feature": names[n], "value": _known(values[n]), "contribution": float(parts[n])} for n in order]
    return {"base": float(parts[-1]), "features": features, "sum": math.fsum(parts)}


def checked_score(total: float, score: float, kept: float | None, *, changed: Sequence[str], day: str) -> float:
    """The score as float32, which is what the lists hold.

    total: what base and contributions add up to; score: the ranker's, computed now; kept: as released, None where
    nothing was kept of it. LakeError when they do not agree, naming ``changed`` partitions.
    """
    if not math.isclose(total, score, rel_tol=_ROUNDING, abs_tol=_ROUNDING):
        raise LakeError(
            f"the contributions add up to {total:.9g}, and the ranker's score is {score:.9g}",
            f"train the ranker again: aisle run daily --partition {day}",
        )
    if kept is not None and np.float32(score) != np.float32(kept):
        since = f": changed since: {', '.join(changed)}" if changed else ""
        raise LakeError(
            f"the score computed now, {np.float32(score):.9g}, is not the released one, {np.float32(kept):.9g}{since}",
            f"publish what the lake holds now: aisle run daily --partition {day}",
        )
    return float(np.float32(score))


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
