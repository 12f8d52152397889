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

BLOCK_ROWS, PART_ROWS = 4096, 1_000_000
Entity = Literal["user", "item", "category", "user_category", "user_item", "region_item"]
ENTITIES: tuple[Entity, ...] = ("user", "item", "category", "user_category", "user_item", "region_item")


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
    def keys(self) -> tuple[str, ...]:
        """The columns whose values a row is about: the shopper's, or that of the shopper's region, first."""
        named = {"user": "user_id", "item": "item_id", "category": self.level, "region": "region"}
        return tuple(named[part] for part in self.entity.split("_"))

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
        """frames: by lake table, fastest in order of their keys; a ratio to a table not among them is left out."""
        self._tables = _joinable(tables)
        levels = {t.level: _level_codes(dim_item, t.level, "item_code") for t in tables if "category" in t.entity}
        is_regional = any("region" in table.entity for table in tables)
        regions = {"region": _level_codes(dim_user, "region", "user_code")} if is_regional else {}
        self._codes = {level: names for level, (names, _) in (levels | regions).items()}
        # of what has a category or a region, and its code by the code of that
        self._levels = {level: ("item_id", by_code) for level, (_, by_code) in levels.items()}
        self._levels |= {level: ("user_id", by_code) for level, (_, by_code) in regions.items()}
        for dim, key, code in ((dim_user, "user_id", "user_code"), (dim_item, "item_id", "item_code")):
            self._codes[key] = pl.Enum(dim.sort(code)[key])  # codes are dense: an id stands where its code says
        self._places: dict[str, Places] = {}
        self._values: dict[str, np.ndarray] = {}
        self._operands: dict[str, np.ndarray] = {}
        operands = {name for t in self._tables for r in t.ratios for name in (r.of, f"{t.name}.{r.to}")}
        for table in self._tables:
            frame = frames[table.table]
            places = self._places[table.name] = _places(table, frame, self._codes)
            self._values[table.name] = _floats(frame, table.columns, places)
            for name in (name for name in operands if _model(name) == table.name):
                operand = _floats(frame, [_operand(name, frame, table)], places)[:, 0]
                self._operands[name] = np.append(operand, np.float32(np.nan))  # the last, -1, is of what has no row

    @property
    def features(self) -> list[str]:
        return features_of(self._tables)

    def gather(self, users: np.ndarray, items: np.ndarray, out: np.ndarray) -> None:
        """Fill ``out`` (float32 [n, len(features)]) for pairs of codes; NaN where a table has no row for the pair.

        Fast where the pairs of a user stand together.
        """
        empty = {key: np.full(len(names.categories), -1, np.int32) for key, names in self._codes.items()}
        for start in range(0, len(users), BLOCK_ROWS):  # which stay in the processor's cache while tables take turns
            block = slice(start, start + BLOCK_ROWS)
            codes = {"user_id": users[block].astype(np.int32), "item_id": items[block].astype(np.int32)}
            for level, (of, by_code) in self._levels.items():
                codes[level] = rows_of_codes(by_code, codes[of])
            self._fill(out[block], {table.name: self._rows(table, codes, empty) for table in self._tables})

    def _fill(self, out: np.ndarray, rows: Mapping[str, np.ndarray]) -> None:
        """rows: of each table, -1 where it has none for the pair."""
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

    def _rows(
        self, table: FeatureTable, codes: Mapping[str, np.ndarray], empty: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """i32 row of a table for each pair."""
        places, first, last = self._places[table.name], table.keys[0], table.keys[-1]
        if isinstance(places, Runs):
            return rows_of_pairs(places.starts, places.seconds, codes[first], codes[last], empty[last])
        return rows_of_codes(places.row_of, codes[last])


def features_of(tables: Sequence[FeatureTable]) -> list[str]:
    """Names of what a snapshot of the tables gathers, in its order."""
    return [name for table in _joinable(tables) for name in table.features]


def _joinable(tables: Sequence[FeatureTable]) -> list[FeatureTable]:
    here = {table.name for table in tables}
    return [replace(t, ratios=tuple(r for r in t.ratios if _model(r.of) in here)) for t in tables]


def _level_codes(dim: pl.DataFrame, level: str, code: str) -> tuple[pl.Enum, np.ndarray]:
    """Names of a category level, or of regions, by code; codes (i32) by the dim's own code, -1 where it has none."""
    names = pl.Enum(dim[level].drop_nulls().unique().sort())
    by_code = np.full(dim.height, -1, np.int32)
    by_code[dim[code].to_numpy()] = _codes(dim[level], names)
    return names, by_code


def _places(table: FeatureTable, frame: pl.DataFrame, names: Mapping[str, pl.Enum]) -> Places:
    """Where the rows of a frame stand, by the codes of its keys."""
    first, *second = table.keys
    count = len(names[first].categories)
    if not second:
        return Single.of(_codes(frame[first], names[first]), count)
    runs = frame[first].rle().struct.unnest()  # rows of a shopper mostly stand together: each is looked up once
    firsts = np.repeat(_codes(runs["value"], names[first]), runs["len"].to_numpy())
    return Runs.of(firsts, _codes(frame[second[0]], names[second[0]]), count)


def _codes(ids: pl.Series, names: pl.Enum) -> np.ndarray:
    """i32 position of each id among the names, -1 where it is not one of them."""
    told = pl.all().cast(names, strict=False).to_physical().cast(pl.Int32).fill_null(-1)
    parts = [ids.to_frame().lazy().slice(at, PART_ROWS).select(told) for at in range(0, max(len(ids), 1), PART_ROWS)]
    return pl.concat(pl.collect_all(parts)).to_series().to_numpy(writable=True)  # the parts on all processors


def _floats(frame: pl.DataFrame, columns: Sequence[str], places: Places) -> np.ndarray:
    """float32 [rows, columns] in the order of the places: by row where rows are wanted in any order.

    A shopper's rows are wanted together, and lie so in each column too: those tables, the large ones, stay by column.
    """
    if not columns:
        return np.empty((frame.height, 0), np.float32)
    told = frame.select(pl.col(columns).cast(pl.Float32).fill_null(np.nan))
    if isinstance(places, Single):
        return told.to_numpy(order="c", writable=True)
    values = told.to_numpy(order="fortran", writable=True)
    return values if places.order is None else np.asfortranarray(values[places.order])


def _model(name: str) -> str:
    return name.split(".")[0]


def _operand(name: str, frame: pl.DataFrame, table: FeatureTable) -> str:
    column = name.split(".", 1)[1]
    if column not in frame.columns:
        raise ConfigError(
            f"a ratio names '{name}', and {table.name} has no such column", "correct it in the meta of the dbt model"
        )
    return column
