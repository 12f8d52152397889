"""Features of candidates: as-of snapshots joined by entity into one float32 matrix. No feature is named here.

A snapshot is gathered by position, not joined as a frame: rows are found once per candidate, then copied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import polars as pl

from recs.errors import ConfigError
from recs.ranking.gathering import Places, Runs, Single, copy_rows, rows_of_codes, rows_of_pairs

BLOCK_ROWS = 4096
Entity = Literal["user", "item", "category", "user_category", "user_item"]
ENTITIES: tuple[Entity, ...] = ("user", "item", "category", "user_category", "user_item")


@dataclass(frozen=True)
class Ratio:
    """A feature made after the join: column ``of`` (named ``<table>.<column>``) divided by the table's own ``to``."""

    name: str
    of: str
    to: str


@dataclass(frozen=True)
class FeatureTable:
    """One feature model: its lake table, what a row is about, and its columns. ``level`` is the category's column."""

    table: str
    entity: Entity
    columns: tuple[str, ...]
    level: str = "category_l2"
    ratios: tuple[Ratio, ...] = field(default=())

    @property
    def name(self) -> str:
        return self.table.split("/")[1]

    @property
    def features(self) -> list[str]:
        """Names of the features: ``<model>.<column>``, columns first, then ratios."""
        return [f"{self.name}.{column}" for column in (*self.columns, *(ratio.name for ratio in self.ratios))]


class Snapshot:
    """Feature tables of one as-of day, ready to be gathered for pairs of codes."""

    def __init__(
        self,
        tables: Sequence[FeatureTable],
        frames: Mapping[str, pl.DataFrame],
        *,
        dim_item: pl.DataFrame,
        dim_user: pl.DataFrame,
    ) -> None:
        """frames: by lake table; a ratio to a table that is not among them is left out."""
        self._n_items = dim_item.height
        self._levels = {t.level: _level_codes(dim_item, t.level) for t in tables if "category" in t.entity}
        self._tables = _joinable(tables)
        codes = (dim_item.select("item_id", "item_code"), dim_user.select("user_id", "user_code"))
        self._places: dict[str, Places] = {}
        self._values: dict[str, np.ndarray] = {}
        self._operands: dict[str, np.ndarray] = {}
        operands = {name for t in self._tables for r in t.ratios for name in (r.of, f"{t.name}.{r.to}")}
        for table in self._tables:
            frame = frames[table.table]
            keys = self._row_keys(table, frame, *codes)
            order = np.argsort(keys, kind="stable")
            self._places[table.name] = self._places_of(table, keys[order], dim_user.height)
            self._values[table.name] = _floats(frame, table.columns, order)
            for name in (name for name in operands if _model(name) == table.name):
                self._operands[name] = _floats(frame, [_operand(name, frame, table)], order)[:, 0]

    @property
    def features(self) -> list[str]:
        return features_of(self._tables)

    def gather(self, users: np.ndarray, items: np.ndarray, out: np.ndarray) -> None:
        """Fill ``out`` (float32 [n, len(features)]) for pairs of codes; NaN where a table has no row for the pair."""
        for start in range(0, len(users), BLOCK_ROWS):  # which stay in the processor's cache while tables take turns
            block = slice(start, start + BLOCK_ROWS)
            self._gather(users[block].astype(np.int64), items[block].astype(np.int64), out[block])

    def _gather(self, users: np.ndarray, items: np.ndarray, out: np.ndarray) -> None:
        rows = {table.name: self._rows(table, users, items) for table in self._tables}
        at = 0
        for table in self._tables:
            copy_rows(self._values[table.name], rows[table.name], out, at)
            at += len(table.columns)
            for ratio in table.ratios:
                of = self._operands[ratio.of][rows[_model(ratio.of)]]
                to = self._operands[f"{table.name}.{ratio.to}"][rows[table.name]]
                np.divide(of, to, out=out[:, at], where=to != 0)
                out[to == 0, at] = np.nan
                at += 1

    def _row_keys(
        self, table: FeatureTable, frame: pl.DataFrame, items: pl.DataFrame, users: pl.DataFrame
    ) -> np.ndarray:
        """int64 key of each row of the frame."""
        if "item_id" in frame.columns:
            frame = frame.join(items, on="item_id", how="left", maintain_order="left")
        if "user_id" in frame.columns:
            frame = frame.join(users, on="user_id", how="left", maintain_order="left")
        if "category" in table.entity:
            names = self._levels[table.level][0]
            frame = frame.with_columns(category=pl.col(table.level).replace_strict(names, default=-1))
        present = [name for name in ("user_code", "item_code", "category") if name in frame.columns]
        columns = {name: frame[name].cast(pl.Int64).fill_null(-1).to_numpy() for name in present}
        return self._key(table, columns.get("user_code"), columns.get("item_code"), columns.get("category"))

    def _places_of(self, table: FeatureTable, keys: np.ndarray, users: int) -> "Places":
        """Where the rows of ascending keys stand."""
        if table.entity.startswith("user_"):
            return Runs.of(keys, users, self._n_items)
        if table.entity == "category":
            return Single.of(keys, len(self._levels[table.level][0]))
        return Single.of(keys, users if table.entity == "user" else self._n_items)

    def _rows(self, table: FeatureTable, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        """The row of a table for each pair; -1, the last one, which is all NaN, where it has none."""
        category = self._levels[table.level][1][items] if "category" in table.entity else items
        places = self._places[table.name]
        if isinstance(places, Runs):
            return rows_of_pairs(places.starts, places.inner, places.first_row, users, category)
        return rows_of_codes(places.row_of, users if table.entity == "user" else category)

    def _key(
        self, table: FeatureTable, users: np.ndarray | None, items: np.ndarray | None, category: np.ndarray | None
    ) -> np.ndarray:
        part = {
            "user": lambda: users,
            "item": lambda: items,
            "category": lambda: category,
            "user_item": lambda: _packed(users, items, self._n_items),
            "user_category": lambda: _packed(users, category, self._n_items),
        }[table.entity]()
        return np.asarray(part, np.int64)


def features_of(tables: Sequence[FeatureTable]) -> list[str]:
    """Names of what a snapshot of the tables gathers, in its order."""
    return [name for table in _joinable(tables) for name in table.features]


def _joinable(tables: Sequence[FeatureTable]) -> list[FeatureTable]:
    here = {table.name for table in tables}
    return [replace(t, ratios=tuple(r for r in t.ratios if _model(r.of) in here)) for t in tables]


def _packed(first: np.ndarray | None, second: np.ndarray | None, size: int) -> np.ndarray:
    assert first is not None
    assert second is not None
    return np.where((first < 0) | (second < 0), -1, first.astype(np.int64) * size + second)


def _level_codes(dim_item: pl.DataFrame, level: str) -> tuple[dict[str, int], np.ndarray]:
    """Codes of a category level by name, and by item code (-1 where an item has none)."""
    names = dim_item[level].drop_nulls().unique().sort().to_list()
    codes = {name: number for number, name in enumerate(names)}
    by_item = np.full(dim_item.height, -1, np.int64)
    known = dim_item.select("item_code", level).drop_nulls()
    by_item[known["item_code"].to_numpy()] = known[level].replace_strict(codes, return_dtype=pl.Int64).to_numpy()
    return codes, by_item


def _floats(frame: pl.DataFrame, columns: Sequence[str], order: np.ndarray) -> np.ndarray:
    """float32 [rows + 1, columns] in the order given; the last row is NaN, for what has no row."""
    values = np.empty((frame.height, len(columns)), np.float32)
    for number, name in enumerate(columns):
        values[:, number] = frame[name].cast(pl.Float32).fill_null(np.nan).to_numpy()
    return np.vstack([values[order], np.full((1, len(columns)), np.nan, np.float32)]).astype(np.float32)


def _model(name: str) -> str:
    return name.split(".")[0]


def _operand(name: str, frame: pl.DataFrame, table: FeatureTable) -> str:
    column = name.split(".", 1)[1]
    if column not in frame.columns:
        raise ConfigError(
            f"a ratio names '{name}', and {table.name} has no such column", "correct it in the meta of the dbt model"
        )
    return column
