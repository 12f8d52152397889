"""kill -9 while hours are taken and built: readers never see half a day, and going on ends where no kill would."""

import random
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from recs.lake import Lake
from recs.lake.damage import damaged_partitions
from recs.lake.swap import leftovers
from tests.ingest.shop import ROOT

pytestmark = pytest.mark.long

D = date(2026, 3, 1)
TABLES = ("raw/events", "raw/items", "raw/quarantine/events", "raw/retracted/events")
KILLS, KILLS_A_HOME = 50, 8
SOURCE = """
source: shop
arrival: now
drops:
  sales:
    file: "sales*"
    feeds: events
    columns: {event_id: id, event_at: seen_at, item_id: item, action: "'purchase'", quantity: n}
  catalogue:
    file: "items*"
    feeds: items
    columns: {item_id: id, is_available: "true", is_blocked: "false", is_adult: "false", updated_at: arrival_date}
"""


def coming(home: Path) -> Path:
    """A day to come: two files of sales each hour, one of them a correction now and then, and the catalogue at noon."""
    for hour in range(24):
        folder = home / f"coming/{hour:02d}"
        folder.mkdir(parents=True)
        names = [f"{hour}-{n}" for n in range(300)] + ["again", f"{max(hour - 2, 0)}-5"]
        rows = [f"{name},2026-03-01 00:30:00,i{n % 9},{n % 50}" for n, name in enumerate(names)]
        (folder / f"sales-{hour % 10}.csv").write_text("\n".join(["id,seen_at,item,n", *rows]))
        (folder / f"sales-more-{hour}.csv").write_text(f"id,seen_at,item,n\nmore-{hour},2026-03-01 00:30:00,i1,1\n")
    (home / "coming/12/items.csv").write_text("id\ni1\ni2\n")
    (home / "shop.yaml").write_text(SOURCE)
    return home


def state(home: Path) -> dict[str, object]:
    """What the day is, down to its bytes, and the ledger that it came by."""
    infos = {table: Lake(home / "lake").info(table, D) for table in TABLES}
    assert all(infos.values())
    found: dict[str, object] = {t: (i.content_hash, i.parts, i.inputs, i.extra) for t, i in infos.items() if i}
    return found | {"ledger": (home / "landing/shop/_ledger.jsonl").read_text().splitlines()}


def look(lake: Lake) -> int:
    """Read the day as anybody may at any time; -1 where it was replaced meanwhile."""
    info = lake.info("raw/events", D)
    if info is None:
        return 0
    try:
        rows = pl.read_parquet(lake.day_files("raw/events", D), hive_partitioning=False)
    except FileNotFoundError:
        rows = None
    if lake.info("raw/events", D) != info:
        return -1
    assert rows is not None
    assert rows.height == info.rows
    assert rows["event_id"].is_unique().all()
    return rows.height


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    home = coming(tmp_path_factory.mktemp("undisturbed"))
    subprocess.run([sys.executable, "-m", "tests.ingest.hours_worker", str(home)], cwd=ROOT, check=True)
    return state(home)


def test_killed_at_50_moments_the_day_ends_in_the_same_bytes_and_is_whole_at_every_look(tmp_path, undisturbed):
    chance, kills, looks, homes = random.Random(20260301), 0, set[int](), 0
    while kills < KILLS:
        home = coming(tmp_path / f"{homes}")
        homes += 1
        delays = [f"{chance.uniform(0.02, 1.2):.4f}" for _ in range(min(KILLS_A_HOME, KILLS - kills))]
        command = [sys.executable, "-m", "tests.ingest.hours_worker", str(home), *delays]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            while process.poll() is None:
                looks.add(look(Lake(home / "lake")))
            assert process.returncode == 0
            kills += int(process.stdout.read())  # type: ignore[union-attr]
        assert state(home) == undisturbed
        assert not list(damaged_partitions(Lake(home / "lake")))
        for path in leftovers(home):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        assert not list(home.rglob(".tmp-*"))
        assert state(home) == undisturbed
        assert not list((home / "landing/shop/inbox").iterdir())
    assert len(looks) > 10  # of days that were growing
