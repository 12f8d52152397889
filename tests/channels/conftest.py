"""Tiny shops for channel tests: literal rows in the shape of the lake tables, with the columns the channels read."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

AS_OF = date(2026, 3, 9)
Frame = Callable[..., pl.DataFrame]


def _frame(rows: Sequence[tuple[Any, ...]], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=schema, orient="row")


@pytest.fixture(scope="session")
def as_of() -> date:
    return AS_OF


@pytest.fixture(scope="session")
def item_daily() -> Frame:
    """Rows (days ago, item_id, region, buyer_count[, arrived days ago])."""

    def build(*rows: tuple[Any, ...]) -> pl.DataFrame:
        schema = {"event_date": pl.Date, "arrival_date": pl.Date, "item_id": pl.String, "region": pl.String}
        counts = {"buyer_count": pl.Int32, "purchase_count": pl.Int32}
        full = []
        for ago, item, region, buyers, *arrived in rows:
            days = [AS_OF - timedelta(days=ago), AS_OF - timedelta(days=arrived[0] if arrived else ago)]
            full.append((*days, item, region, buyers, buyers))
        return _frame(full, {**schema, **counts})

    return build


@pytest.fixture(scope="session")
def user_item_daily() -> Frame:
    """Rows (days ago, user_id, item_id[, purchase_count[, return_count[, arrived days ago]]])."""

    def build(*rows: tuple[Any, ...]) -> pl.DataFrame:
        schema = {"event_date": pl.Date, "arrival_date": pl.Date, "user_id": pl.String, "item_id": pl.String}
        counts = {"purchase_count": pl.Int32, "return_count": pl.Int32}
        full = []
        for ago, user, item, *rest in rows:
            purchases, returns, arrived = [*rest, *(1, 0, ago)[len(rest) :]]
            days = [AS_OF - timedelta(days=ago), AS_OF - timedelta(days=arrived)]
            full.append((*days, user, item, purchases, returns))
        return _frame(full, {**schema, **counts})

    return build


@pytest.fixture(scope="session")
def dim_item() -> Frame:
    """Item ids in code order; category code and title may be given, ``blocked`` ids may not be shown."""

    def build(
        ids: str, *, category: dict[str, int] | None = None, blocked: str = "", title: dict[str, str] | None = None
    ):
        rows = [
            (
                code,
                item,
                (title or {}).get(item, f"title of {item}"),
                (category or {}).get(item, -1),
                item not in blocked,
            )
            for code, item in enumerate(ids)
        ]
        schema = {"item_code": pl.Int32, "item_id": pl.String, "title": pl.String, "category_code": pl.Int32}
        return _frame(rows, {**schema, "is_recommendable": pl.Boolean})

    return build


@pytest.fixture(scope="session")
def dim_user() -> pl.DataFrame:
    schema = {"user_code": pl.Int32, "user_id": pl.String, "is_suspect": pl.Boolean}
    return _frame([(0, "ann", False), (1, "bob", False)], schema)


@pytest.fixture(scope="session")
def dim_region() -> pl.DataFrame:
    return _frame([(0, "north"), (1, "south")], {"region_code": pl.Int32, "region": pl.String})
