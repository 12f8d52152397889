"""Great Expectations over the days that a run brought in: one step, and one process of GX, for all raw tables.

It tells and never stops the chain: what must be kept from readers is held back when the batch is built.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration import partitions
from orchestration.keys import asset_key
from orchestration.resources import ShopResource
from orchestration.settings import Settings
from recs.checks import Checks
from recs.checks.config import check_names, require_columns
from recs.checks.judge import judge
from recs.checks.report import CheckReport, check_reports
from recs.checks.validate import GreatExpectations
from recs.contracts import Contract
from recs.lake import Lake

EVERY_DAY = 31  # days up to which a check shows each day; of a longer range it shows those that it found something on
DATA_DOCS = "data_docs"
_STARTED: dict[str, GreatExpectations] = {}  # by run; a process that is never asked ends with this one


def data_docs(settings: Settings) -> Path:
    """The first of the pages that Great Expectations draws."""
    return settings.reports / DATA_DOCS / "index.html"


def start_checks(run_id: str) -> None:
    """Let Great Expectations import while the raw tables of a run are built: it takes as long as they do."""
    if run_id not in _STARTED:
        _STARTED[run_id] = GreatExpectations()


def load_checks(settings: Settings, contracts: Mapping[str, Contract]) -> Checks:
    """``[checks]`` of the shop's aisle.toml. ConfigError names what cannot be used."""
    checks = settings.section("checks", Checks)
    require_columns(contracts, checks, str(settings.config / "aisle.toml"))
    return checks


def raw_checks(settings: Settings, contracts: Mapping[str, Contract]) -> dg.AssetChecksDefinition:
    """The checks of every raw table."""
    checks = load_checks(settings, contracts)
    names = {table: check_names(contract, checks) for table, contract in contracts.items()}

    @dg.multi_asset_check(name="raw_checks", specs=_specs(names), can_subset=True)
    def ask(context: dg.AssetCheckExecutionContext, shop: ShopResource) -> Iterator[dg.AssetCheckResult]:
        wanted = {(key.asset_key, key.name) for key in context.selected_asset_check_keys}
        chosen = [c for c in contracts.values() if any(asset == _key(c.table) for asset, _ in wanted)]
        now, lake = shop.settings(), shop.lake()
        days = partitions.tagged_days(context.run.tags) or _newest_day(lake, chosen)
        if not days:
            return
        judged = judge(
            chosen,
            days,
            lake=lake,
            checks=checks,
            reports=now.reports,
            run=context.run.run_id,
            engine=_STARTED.pop(context.run.run_id, None),
            threads=now.threads,
        )
        for table, one in judged.items():
            for report in check_reports(one, days, checks):
                if (_key(table), report.name) in wanted:
                    yield _result(table, report, len(days))

    return ask


def _newest_day(lake: Lake, chosen: Sequence[Contract]) -> list[date]:
    """What a person asks of who starts a check by itself in the UI: the newest day that is built."""
    return sorted({day for contract in chosen for day in lake.days(f"raw/{contract.table}")})[-1:]


def _key(table: str) -> dg.AssetKey:
    return asset_key(f"raw/{table}")


def _specs(names: Mapping[str, Sequence[str]]) -> list[dg.AssetCheckSpec]:
    return [dg.AssetCheckSpec(name, asset=_key(table)) for table, mine in names.items() for name in mine]


def _result(table: str, report: CheckReport, asked: int) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.ERROR if report.severity == "error" else dg.AssetCheckSeverity.WARN
    shown: dict[str, Any] = {"days": report.judged, "days_not_judged": report.not_judged, **report.newest}
    listed = report.days if asked <= EVERY_DAY else [day for day in report.days if day.failed]
    if listed:
        rows = [{"day": d.day.isoformat(), "status": d.status, "found": d.words} for d in listed]
        shown["by_day"] = dg.MetadataValue.table([dg.TableRecord(row) for row in rows])
    if report.page:
        shown[DATA_DOCS] = dg.MetadataValue.path(report.page)
    return dg.AssetCheckResult(
        passed=report.passed,
        asset_key=_key(table),
        check_name=report.name,
        severity=severity,
        description=report.words,
        metadata=shown,
    )
