"""A shop's raw events of some weeks, small and regular: what one test changes stands out."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from recs.checks import Checks
from recs.contracts import arrow_schema, load_contracts
from recs.lake import Lake, PartitionInfo, Provenance

ROOT = Path(__file__).parents[2]
CONTRACTS = load_contracts(ROOT / "data_contracts")
MONDAY = date(2026, 3, 2)
ACTIONS = ("view", "view", "view", "purchase")
QUANTITIES = (1, 1, 1, 2, 3)


def events(day: date, rows: int, *, price: float = 2.0, hour: int = 12, **columns: Sequence[Any]) -> pa.Table:
    """Events of a day; prices run over a hundred values from ``price`` on. ``columns`` take the place of those made."""
    made: dict[str, Sequence[Any]] = {
        "event_id": [f"{day}-{n}" for n in range(rows)],
        "event_at": [datetime.combine(day, datetime.min.time()) + timedelta(hours=hour)] * rows,
        "user_id": [f"u{n % 50}" for n in range(rows)],
        "item_id": [f"i{n % 30}" for n in range(rows)],
        "action": [ACTIONS[n % 4] for n in range(rows)],
        "quantity": [QUANTITIES[n % 5] for n in range(rows)],
        "unit_price": [round(price * (1 + n % 100 / 25), 2) for n in range(rows)],
        "is_unknown_item": [False] * rows,
        "source": ["shop"] * rows,
        "source_file": [f"shop/{day}/sales.csv"] * rows,
        "source_line": list(range(1, rows + 1)),
        "arrival_date": [day] * rows,
        "arrival_hour": [23] * rows,
    }
    schema = arrow_schema(CONTRACTS["events"])
    made = {**{name: [None] * rows for name in schema.names}, **made, **columns}
    return pa.table([_array(made[f.name], f.type) for f in schema], schema=schema)


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_decimal(kind):
        return pa.array(values, pa.float64()).cast(kind)
    return pa.array(values, kind)


def counts(rows: int, quarantined: int = 0) -> dict[str, int]:
    return {"read": rows + quarantined, "valid": rows, "quarantined": quarantined, "duplicate": 0}


class Shop:
    """A lake with raw events."""

    def __init__(self, root: Path) -> None:
        self.lake = Lake(root / "lake")
        self.reports, self.contract, self.checks = root / "reports", CONTRACTS["events"], Checks()

    def arrive(self, day: date, rows: pa.Table, *, bad: int = 0, table: str = "raw/events", run: str = "r") -> None:
        """Write one day, as ingestion does."""
        self.lake.write_partition(
            table,
            day,
            rows,
            sort_by=["event_id"],
            inputs={},
            provenance=Provenance("c", "k", run),
            extra=counts(rows.num_rows, bad),
        )

    def hold(self, day: date, rows: pa.Table, reasons: Sequence[str] = ("too many",)) -> PartitionInfo:
        """Put a day where readers do not look, as ingestion does."""
        extra, run = {"reasons": list(reasons)}, Provenance("c", "k", "r")
        return self.lake.write_partition(
            "raw/held/events", day, rows, sort_by=["event_id"], inputs={}, provenance=run, extra=extra
        )

    def weeks(self, days: int, rows: int = 400, *, first: date = MONDAY) -> date:
        """So many regular days, a few rows more or less each; the day after them."""
        for n in range(days):
            day = first + timedelta(days=n)
            self.arrive(day, events(day, rows + n % 7))
        return first + timedelta(days=days)
