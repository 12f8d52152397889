"""A shop's landing and lake in a temporary folder, for tests of ingestion."""

from datetime import date
from pathlib import Path

from recs.checks import Checks
from recs.contracts import load_contracts
from recs.ingest.build import build_raw
from recs.ingest.counts import DayCounts
from recs.ingest.landing import land
from recs.ingest.ledger import Entry
from recs.ingest.source import load_source
from recs.lake import Lake, Provenance

ROOT = Path(__file__).parents[2]
CONTRACTS = load_contracts(ROOT / "data_contracts")
VIEWS = """
source: shop
arrival: path
drops:
  sales:
    file: "sales*"
    feeds: events
    columns: {event_id: id, event_at: seen_at, item_id: "'i'", action: "'view'"}
"""  # drops of id and seen_at alone


class Shop:
    """Files are offered with ``land``, days made with ``build``."""

    def __init__(self, root: Path, source: str) -> None:
        path = root / "shop.yaml"
        path.write_text(source)
        self.root, self.source, self.lake = root, load_source(path, CONTRACTS), Lake(root / "lake")
        self.landing = root / "landing"

    def land(self, name: str, data: str | bytes, *, day: date, hour: int = 23) -> list[Entry]:
        """Offer one file, whose name may hold folders, at a moment."""
        path = self.root / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return land(self.source, [path], self.landing, arrival_date=day, arrival_hour=hour)

    def build(
        self,
        *days: date,
        table: str = "events",
        lake: Lake | None = None,
        checks: Checks | None = None,
        threads: int = 2,
    ) -> list[DayCounts]:
        return build_raw(
            CONTRACTS[table],
            days,
            lake=lake or self.lake,
            landing_root=self.landing,
            sources=[self.source],
            provenance=Provenance("code", "config", "run"),
            checks=checks,
            threads=threads,
        )

    def rows(self, day: date, *columns: str, table: str = "raw/events") -> list[tuple[object, ...]]:
        """Some columns of a partition, in the order of its rows."""
        return self.lake.read(table, day, list(columns)).select(columns).rows()
