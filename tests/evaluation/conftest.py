"""Tiny rankings: a list is written as the items it holds, best first."""

from collections.abc import Callable, Mapping, Sequence

import polars as pl
import pytest

Lists = Callable[[Mapping[int, Sequence[int]]], pl.DataFrame]
SCHEMA = {"user_code": pl.Int32, "item_code": pl.Int32, "rank": pl.UInt16}


@pytest.fixture(scope="session")
def lists() -> Lists:
    """{user_code: [item_code, ...]} as user_code, item_code, rank."""

    def build(by_user: Mapping[int, Sequence[int]]) -> pl.DataFrame:
        rows = [(user, item, rank) for user, items in by_user.items() for rank, item in enumerate(items, 1)]
        return pl.DataFrame(rows, schema=SCHEMA, orient="row")

    return build


@pytest.fixture(scope="session")
def pairs(lists: Lists) -> Lists:
    """{user_code: [item_code, ...]} as user_code, item_code."""
    return lambda by_user: lists(by_user).drop("rank")
