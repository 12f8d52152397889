"""One small shop for all tests of this room, its drops as plain Python reads them and the contract judges them."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from recs.contracts import Contract, gate_sql, load_contracts
from recs.simulate import ShopSpec, generate

SPEC = ShopSpec(
    users=800,
    items=240,
    days=14,
    events_per_day=2_500,
    seed=11,
    first_day=date(2026, 3, 2),
    dirt=0.05,
    bots=0.05,
    bad_files=3,
)


@dataclass
class Line:
    """One line of an event drop. ``record``: None where it is no JSON; ``rules``: what it breaks of the contract."""

    file: str
    text: bytes
    record: dict[str, Any] | None
    rules: list[str] = field(default_factory=list)


@dataclass
class Shop:
    out: Path
    told: dict[str, Any]
    spec: ShopSpec = SPEC

    @cached_property
    def drops(self) -> tuple[list[Line], list[str]]:
        """(lines of the event drops that can be read, files that cannot)."""
        unreadable: list[str] = []
        lines = list(_lines(self.out, unreadable))
        _judge([line for line in lines if line.record is not None])
        return lines, unreadable

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """Every event that arrived, once, without what was planted, in the order of time."""
        items = set(self.truth("items")["item_id"])
        found: dict[str, dict[str, Any]] = {}
        for line in self.drops[0]:
            if line.record is not None and not line.rules:
                found.setdefault(line.record["event_id"], line.record | {"file": line.file})
        known = (e for e in found.values() if e.get("item_id") is None or e["item_id"] in items)
        return sorted(known, key=lambda e: e["event_at"])

    @cached_property
    def settled(self) -> list[dict[str, Any]]:
        """The events of the days of which nothing can be on its way any more: the longest delay is three days."""
        until = (self.spec.day(self.spec.days) - timedelta(days=4)).isoformat()
        return [event for event in self.events if event["event_at"] < until]

    def truth(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.out / "truth" / f"{name}.parquet")

    def truth_json(self, name: str) -> Any:
        return json.loads((self.out / "truth" / f"{name}.json").read_text())

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Rows of another table's drops, with the file they came in."""
        return [
            json.loads(line) | {"file": path.relative_to(self.out / "drops").as_posix()}
            for path in sorted(self.out.glob(f"drops/*/*/{table}-*.jsonl.gz"))
            for line in gzip.decompress(path.read_bytes()).splitlines()
        ]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def contract(table: str) -> Contract:
    found = load_contracts(Path(__file__).parents[2] / "data_contracts")
    return found[table]


def broken_rules(table: str, records: list[dict[str, Any]], days: list[str]) -> list[list[str]]:
    """The rules of a contract that each record breaks on its arrival day, as ingestion finds them."""
    asked = contract(table)
    columns: dict[str, list[Any]] = {
        f.name: [None if (v := r.get(f.name)) is None else str(v) for r in records] for f in asked.arriving
    }
    rows = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)).with_row_index("n").to_arrow()
    arrived = pl.DataFrame({"n": range(len(days)), "day": days}).to_arrow()
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.register("rows", rows)
        connection.register("arrived", arrived)
        relation = (
            "(select rows.* exclude (n), rows.n, day::date as arrival_date, []::varchar[] as _thrown"
            " from rows join arrived on rows.n = arrived.n)"
        )
        gated = gate_sql(asked, relation)
        return [rules for (rules,) in connection.execute(f"select _rules from ({gated}) order by n").fetchall()]


def _lines(out: Path, unreadable: list[str]) -> Iterator[Line]:
    for path in sorted(out.glob("drops/*/*/events-*.jsonl.gz")):
        name = path.relative_to(out / "drops").as_posix()
        try:
            text = gzip.decompress(path.read_bytes())
        except EOFError:
            unreadable.append(name)
            continue
        for line in text.split(b"\n")[:-1]:
            try:
                yield Line(name, line, json.loads(line.decode()))
            except ValueError:
                yield Line(name, line, None)


def _judge(lines: list[Line]) -> None:
    rules = broken_rules("events", [line.record or {} for line in lines], [line.file[:10] for line in lines])
    for line, broken in zip(lines, rules, strict=True):
        line.rules = broken


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    out = tmp_path_factory.mktemp("simulate") / "shop"
    return Shop(out, generate(SPEC, out))
