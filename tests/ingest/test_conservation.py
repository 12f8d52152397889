"""The law: rows read = valid + quarantined + duplicate, on any files; and each event is valid at most once."""

import gzip
import tempfile
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from recs.contracts import load_contracts
from recs.ingest.build import build_raw
from recs.ingest.landing import land
from recs.ingest.source import load_source
from recs.lake import Lake, Provenance

ROOT = Path(__file__).parents[2]
CONTRACTS = load_contracts(ROOT / "data_contracts")
SOURCE = """
source: shop
arrival: path
drops:
  sales:
    file: "sales*"
    feeds: events
    columns:
      event_id: id
      event_at: seen_at
      item_id: item
      action: "'purchase'"
      quantity: n::integer + 0 * nullif(n::integer, 7)
"""
FIRST = date(2017, 1, 1)
IDS = st.sampled_from(["a", "b", "c", ""])
TIMES = st.sampled_from(["2017-01-01 10:00:00", "2017-02-30", "", "2999-01-01"])
ROWS = st.one_of(
    st.tuples(IDS, TIMES, st.sampled_from(["i1", ""]), st.sampled_from(["0", "1", "x", ""])).map(",".join),
    st.text(alphabet='ab,"\n1', max_size=12),
)
FILES = st.lists(st.lists(ROWS, max_size=6), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(files=FILES, packed=st.booleans(), cut=st.integers(0, 60))
def test_no_row_is_lost_and_no_event_is_valid_twice(files, packed, cut):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "shop.yaml").write_text(SOURCE)
        source = load_source(root / "shop.yaml", CONTRACTS)
        days = [FIRST + timedelta(n) for n in range(len(files))]
        for number, (day, rows) in enumerate(zip(days, files, strict=True)):
            data = "\n".join(["id,seen_at,item,n", *rows]).encode()
            if packed:
                data = gzip.compress(data, mtime=0)[: -cut if number == 0 and cut else None]
            path = root / day.isoformat() / ("sales.csv.gz" if packed else "sales.csv")
            path.parent.mkdir()
            path.write_bytes(data)
            land(source, [path], root / "landing", arrival_date=day)
        lake = Lake(root / "lake")
        counts = build_raw(
            CONTRACTS["events"],
            days,
            lake=lake,
            landing_root=root / "landing",
            sources=[source],
            provenance=Provenance("c", "g", "r"),
        )
        events = lake.read_window("raw/events", until=days[-1])
        bad = [lake.read("raw/quarantine/events", day) for day in lake.days("raw/quarantine/events")]
    assert events["event_id"].is_unique().all()
    assert len(events) == sum(c.valid for c in counts)
    quarantined = sum(frame.filter(pl.col("source_line") > 0).height for frame in bad)
    assert quarantined == sum(c.quarantined for c in counts)
    assert all(c.read == c.valid + c.quarantined + c.duplicate for c in counts)
