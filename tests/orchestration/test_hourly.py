"""What lies in the inboxes, and the days that an hourly run makes."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from assets.inboxes import hourly_days, open_day, shop_days, take_inboxes
from orchestration.settings import Settings, load_settings
from recs.contracts import load_contracts
from recs.ingest.build import build_raw
from recs.ingest.ledger import Ledger
from recs.ingest.source import Source, load_sources
from recs.lake import Lake, Provenance

ROOT = Path(__file__).parents[2]
CONTRACTS = load_contracts(ROOT / "data_contracts")
D1, D2, D3, D4 = (date(2026, 3, n) for n in (1, 2, 3, 4))
SOURCE = """
source: shop
arrival: path
drops:
  sales:
    file: "sales*.csv"
    feeds: events
    columns: {event_id: id, event_at: t, item_id: i, action: "'view'"}
"""


class Shop:
    """A shop of one source, from the first of March on."""

    def __init__(self, root: Path, toml: str = "first_day = 2026-03-01", source: str = SOURCE) -> None:
        (root / "config/sources").mkdir(parents=True)
        (root / "config/aisle.toml").write_text(f"[shop]\n{toml}\n")
        (root / "config/sources/shop.yaml").write_text(source)
        self.settings: Settings = load_settings(
            {"AISLE_HOME": str(root / "home"), "AISLE_CONFIG": str(root / "config")}
        )
        self.sources: list[Source] = load_sources(root / "config/sources", CONTRACTS)
        self.inbox = self.settings.landing / "shop/inbox"

    def put(self, name: str, key: str) -> Path:
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"id,t,i\n{key},2026-03-01 08:00,mug\n")
        return path

    def take(self, now: datetime = datetime(2026, 3, 4, 9, tzinfo=UTC)) -> list[tuple[str, str, str]]:
        found = take_inboxes(self.settings, self.sources, now)
        return [(e.name, e.status, e.reason) for entries in found.values() for e in entries]

    def build(self, *days: date) -> None:
        made = Provenance("c", "g", "r")
        options = {"landing_root": self.settings.landing, "sources": self.sources, "provenance": made}
        build_raw(CONTRACTS["events"], days, lake=Lake(self.settings.lake), **options)

    def days(self, today: date) -> list[date]:
        return hourly_days(self.settings, self.sources, ["events"], today)


def test_complete_files_leave_the_inbox_and_the_ledger_knows_them(tmp_path):
    shop = Shop(tmp_path)
    shop.put("2026-03-02/sales.csv", "a")
    half = shop.put("2026-03-02/sales-2.csv.part", "b")
    assert shop.take() == [("sales.csv", "taken", "")]
    assert shop.take() == []
    assert [p for p in shop.inbox.rglob("*") if p.is_file()] == [half]
    assert [e.day for e in Ledger(shop.settings.landing, "shop").taken()] == [D2]


def test_an_hourly_run_makes_the_open_day_and_those_with_files_that_no_partition_holds(tmp_path):
    shop = Shop(tmp_path)
    assert shop.days(D4) == [D4]
    for day, key in ((D1, "a"), (D2, "b"), (D3, "c")):
        shop.put(f"{day}/sales.csv", key)
    shop.take()
    assert shop.days(D4) == [D1, D2, D3]
    shop.build(D1, D2, D3)
    assert shop.days(D4) == [D4]
    shop.put(f"{D2}/sales-forgotten.csv", "d")
    shop.put(f"{D4}/sales.csv", "e")
    shop.take()
    assert shop.days(D4) == [D2, D4]


def test_a_changed_source_is_no_reason_for_an_hourly_run_to_make_the_past_again(tmp_path):
    shop = Shop(tmp_path)
    shop.put(f"{D1}/sales.csv", "a")
    shop.take()
    shop.build(D1)
    (tmp_path / "config/sources/shop.yaml").write_text(SOURCE.replace("'view'", "'click'"))
    shop.sources = load_sources(tmp_path / "config/sources", CONTRACTS)
    assert shop.days(D4) == [D4]


def test_the_open_day_of_a_shop_whose_data_have_ended_is_that_of_the_newest_arrival(tmp_path):
    shop = Shop(tmp_path, "first_day = 2026-03-01\nlast_day = 2026-03-31")
    assert open_day(shop.settings, shop.sources, date(2026, 10, 1)) == date(2026, 3, 31)
    shop.put(f"{D3}/sales.csv", "a")
    shop.take(datetime(2026, 10, 1, 9, tzinfo=UTC))
    assert open_day(shop.settings, shop.sources, date(2026, 10, 1)) == D3


@pytest.mark.parametrize(
    ("toml", "day", "said"),
    [
        ("first_day = 2026-03-02", D1, "before the shop's first day 2026-03-02: set first_day = 2026-03-01"),
        ("first_day = 2026-03-01\nlast_day = 2026-03-02", D3, "after the shop's last day 2026-03-02: set last_day"),
        ("first_day = 2026-03-01", date(2026, 3, 5), "which has not begun in UTC: land it on that day"),
    ],
)
def test_a_file_outside_the_shops_days_stays_in_the_inbox_with_the_line_to_change(tmp_path, toml, day, said):
    shop = Shop(tmp_path, toml)
    path = shop.put(f"{day}/sales.csv", "a")
    [(name, status, reason)] = shop.take()
    assert (name, status, path.exists()) == ("sales.csv", "refused", True)
    assert said in reason
    assert Ledger(shop.settings.landing, "shop").taken() == []


def test_the_lines_of_the_first_and_last_day_are_named(tmp_path):
    shop = Shop(tmp_path, "# a comment\nfirst_day = 2026-03-01\nlast_day = 2026-03-02")
    days = shop_days(shop.settings, D4)
    path = tmp_path / "config/aisle.toml"
    assert (days.first_line, days.last_line) == (f"line 3 of {path}", f"line 4 of {path}")


def test_the_schedule_asks_for_the_same_days_in_one_run(tmp_path):
    import dagster as dg

    from jobs.hourly import hourly_schedule
    from orchestration.resources import ShopResource

    shop = Shop(tmp_path)
    shop.put(f"{D2}/sales.csv", "a")
    shop.put(f"{D4}/sales.csv", "b")
    made = ShopResource(home=str(shop.settings.home), config=str(shop.settings.config))
    at = datetime(2026, 3, 4, 9, 10, tzinfo=UTC)
    with dg.build_schedule_context(scheduled_execution_time=at, resources={"shop": made}) as context:
        [request] = hourly_schedule(context)
    assert request.tags == {
        "dagster/asset_partition_range_start": "2026-03-02",
        "dagster/asset_partition_range_end": "2026-03-04",
    }


def test_a_run_of_a_raw_table_takes_the_inbox_first_and_tells_what_it_refused(tmp_path):
    import dagster as dg

    from assets.raw import raw_assets
    from orchestration.keys import asset_key
    from orchestration.resources import ShopResource

    shop = Shop(tmp_path, "first_day = 2026-03-01\nlast_day = 2026-03-31")
    shop.put(f"{D2}/sales.csv", "a")
    shop.put("2026-04-01/sales-late.csv", "b")
    resource = ShopResource(home=str(shop.settings.home), config=str(shop.settings.config), threads=1)
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(
            raw_assets(shop.settings),
            selection=[asset_key("raw/events")],
            partition_key=D2.isoformat(),
            resources={"shop": resource},
            instance=instance,
        )
    assert Lake(shop.settings.lake).read("raw/events", D2)["event_id"].to_list() == ["a"]
    [made] = done.asset_materializations_for_node("raw__events")
    assert made.metadata["taken_from_inbox"].value == 1
    [refused] = made.metadata["refused_in_inbox"].records
    assert refused.data["file"] == "shop/sales-late.csv"
    assert "after the shop's last day" in refused.data["why"]
