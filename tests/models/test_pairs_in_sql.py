"""``count_item_pairs`` as SQL calls it."""

import duckdb
import pytest

from orchestration.dbt_functions import Plugin

COUNTED = "count_item_pairs(list({items: items, weight: weight, is_recent: is_recent}), 1)"


@pytest.fixture
def memory():
    with duckdb.connect() as connection:
        Plugin("functions", {}).configure_connection(connection)
        baskets = "(1, [2, 1], 5, true), (1, [1, 2], 6, false), (2, [3], 1, true), (3, [5, 4], 7, true)"
        connection.execute(f"create table baskets as from (values {baskets}) as b(shop, items, weight, is_recent)")
        yield connection


def test_each_group_of_baskets_has_its_own_pairs(memory):
    got = memory.execute(f"select shop, {COUNTED} as pairs from baskets group by shop order by shop").fetchall()
    counts = [(shop, [tuple(pair.values()) for pair in pairs]) for shop, pairs in got]
    assert counts == [(1, [(1, 2, 2, 1, 11)]), (2, []), (3, [(4, 5, 1, 1, 7)])]


def test_no_baskets_make_no_pairs(memory):
    assert memory.execute(f"select unnest({COUNTED}) from baskets where false").fetchall() == []
