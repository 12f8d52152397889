"""What ids and texts become on their way into the lake. By default they stay as they are."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa


def _as_it_is(given: pa.Table) -> pa.Table:
    return given


def _as_they_are(given: list[str]) -> list[str]:
    return given


@dataclass(frozen=True)
class Border:
    """``rows`` takes valid rows before they are written, ``texts`` the source texts of quarantined ones."""

    rows: Callable[[pa.Table], pa.Table] = _as_it_is
    texts: Callable[[list[str]], list[str]] = _as_they_are
