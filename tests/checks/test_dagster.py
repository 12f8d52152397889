"""A small range through the real raw assets and their checks: what Dagster shows of them."""

import gzip
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from assets.raw import CONTRACTS, raw_assets
from assets.raw_checks import raw_checks
from orchestration import partitions
from orchestration.resources import ShopResource
from orchestration.settings import load_settings
from recs.contracts import load_contracts
from recs.ingest.landing import land
from recs.ingest.source import load_source

FIRST, DAYS, ROWS = date(2017, 1, 1), 20, 240
EVENTS = dg.AssetKey(["raw", "events"])
HEADER = "household_id,store_id,basket_id,product_id,quantity,sales_value,transaction_timestamp"


def write_days(folder: Path) -> list[Path]:
    """Twenty regular days of transactions; on the last half the rows, at a far higher price, and 30 without a time."""
    files = []
    for n in range(DAYS):
        day, last = FIRST + timedelta(days=n), n == DAYS - 1
        path = folder / day.isoformat() / "transactions.csv.gz"
        path.parent.mkdir(parents=True)
        price, rows = (40.0, ROWS // 2) if last else (2.0, ROWS)
        lines = [f"{i % 40},300,{n}{i:04},{i % 90},1,{price * (1 + i % 7)},{day} 10:00:00" for i in range(rows)]
        lines += [f"1,300,{n}9999{i},1,1,2.0,never" for i in range(30 if last else 0)]
        path.write_bytes(gzip.compress("\n".join([HEADER, *lines]).encode(), mtime=0))
        files.append(path)
    return files


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Three runs: the whole range, its last two days again, and one check by itself."""
    home = tmp_path_factory.mktemp("home")
    settings = load_settings({"AISLE_HOME": str(home)})
    contracts = load_contracts(CONTRACTS)
    source = load_source(settings.config / "sources/complete_journey.yaml", contracts)
    land(source, write_days(home / "landing/complete_journey"), settings.landing, arrival_date=date(2017, 12, 31))
    definitions = dg.Definitions(
        assets=[*raw_assets(settings), raw_checks(settings, contracts)],
        jobs=[dg.define_asset_job("raw", dg.AssetSelection.groups("raw"))],
        resources={"shop": ShopResource(home=str(home), config=str(settings.config))},
        executor=dg.in_process_executor,
    )
    job = definitions.resolve_job_def("raw")
    with dg.DagsterInstance.ephemeral() as instance:
        runs = [
            job.execute_in_process(
                instance=instance,
                tags=partitions.range_tags(FIRST + timedelta(days=n), FIRST + timedelta(days=DAYS - 1)),
            )
            for n in (0, DAYS - 2)
        ]
        alone = job.get_subset(asset_selection=set(), asset_check_selection={dg.AssetCheckKey(EVENTS, "is_fresh")})
        runs.append(alone.execute_in_process(instance=instance))
    return home, runs


def found(run) -> dict[str, dg.AssetCheckEvaluation]:
    return {e.check_name: e for e in run.get_asset_check_evaluations() if e.asset_key == EVENTS}


def by_day(check) -> dict[str, str]:
    return {row.data["day"]: row.data["status"] for row in check.metadata["by_day"].records}


def test_every_check_of_the_contract_is_reported(ran):
    assert set(found(ran[1][0])) == {
        "rows_are_conserved",
        "bad_rows_are_few",
        "volume_is_usual",
        "nulls_are_usual",
        "price_has_not_shifted",
        "quantity_has_not_shifted",
        "action_mix_has_not_shifted",
        "items_are_known",
        "is_fresh",
        "rows_meet_the_contract",
    }


def test_what_is_wrong_fails_with_its_severity_and_stops_nothing(ran):
    for run in ran[1][:2]:
        assert run.success
        failed = {name: check.severity for name, check in found(run).items() if not check.passed}
        assert failed == {
            "bad_rows_are_few": dg.AssetCheckSeverity.ERROR,
            "price_has_not_shifted": dg.AssetCheckSeverity.WARN,
            "items_are_known": dg.AssetCheckSeverity.WARN,
        }


def test_each_day_of_a_short_range_is_shown_and_the_first_weeks_pass_and_say_why(ran):
    check = found(ran[1][0])["price_has_not_shifted"]
    shown = by_day(check)
    assert list(shown) == [(FIRST + timedelta(days=n)).isoformat() for n in range(DAYS)]
    assert shown["2017-01-14"] == "not enough history (13 of 14 days)"
    assert shown["2017-01-15"] == "passed"
    assert shown["2017-01-20"] == "warn"
    assert "1 of 20 days failed, the newest on 2017-01-20" in check.description
    assert "the shift (PSI) of unit_price is" in check.description
    assert (check.metadata["days"].value, check.metadata["days_not_judged"].value) == (6, 14)


def test_the_data_docs_are_linked_from_the_checks_and_from_the_asset(ran):
    home, (first, *_) = ran
    page = Path(found(first)["rows_meet_the_contract"].metadata["data_docs"].value)
    assert page.exists()
    assert page.is_relative_to(home / "reports/data_docs")
    shown = [
        e.materialization.metadata for e in first.all_events if e.is_step_materialization and e.asset_key == EVENTS
    ]
    assert [m["data_docs"].value for m in shown if "data_docs" in m] == [str(home / "reports/data_docs/index.html")]


def test_a_run_that_keeps_everything_shows_the_same_without_asking_again(ran):
    home, (first, second, _) = ran
    before, after = found(first), found(second)
    assert {n: c.passed for n, c in before.items()} == {n: c.passed for n, c in after.items()}
    assert by_day(after["price_has_not_shifted"]) == {"2017-01-19": "passed", "2017-01-20": "warn"}
    results = list((home / "reports/data_docs/_store/uncommitted/validations").rglob("*.json"))
    assert {path.parent.parent.name for path in results} == {first.run_id}


def test_a_check_that_is_started_by_itself_looks_at_the_newest_day(ran):
    alone = ran[1][2]
    assert set(found(alone)) == {"is_fresh"}
    assert by_day(found(alone)["is_fresh"]) == {"2017-01-20": "passed"}
