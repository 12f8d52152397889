"""The batched event log holds what the ordinary one holds, in the same files."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from orchestration import partitions
from orchestration.event_log import BatchedSqliteEventLog

DAYS = dg.DailyPartitionsDefinition(start_date="2026-03-01", end_date="2026-03-10")


@dg.asset(
    partitions_def=DAYS,
    backfill_policy=partitions.SINGLE_RUN,
    check_specs=[dg.AssetCheckSpec("counted", asset="visits")],
)
def visits(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    for day in partitions.days(context):
        context.add_asset_metadata({"dagster/row_count": day.day}, partition_key=day.isoformat())
    checked = dg.AssetCheckResult(passed=True, check_name="counted")
    return dg.MaterializeResult(metadata={"unit": "rows"}, check_results=[checked])


def instance(home: Path, monkeypatch: pytest.MonkeyPatch) -> dg.DagsterInstance:
    home.mkdir()
    (home / "dagster.yaml").write_text(Path("dagster.yaml").read_text())
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    return dg.DagsterInstance.from_config(str(home))


def materialize(instance: dg.DagsterInstance) -> str:
    job = dg.Definitions(assets=[visits], jobs=[dg.define_asset_job("j", [visits])]).resolve_job_def("j")
    tags = {partitions.RANGE_START_TAG: "2026-03-02", partitions.RANGE_END_TAG: "2026-03-05"}
    return job.execute_in_process(instance=instance, tags=tags).run_id


@pytest.mark.parametrize("batch", ["0", "1000"])
def test_a_range_is_logged_day_by_day_whatever_the_batch(tmp_path, monkeypatch, batch):
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", batch)
    with instance(tmp_path / "home", monkeypatch) as dagster:
        assert isinstance(dagster.event_log_storage, BatchedSqliteEventLog)
        materialize(dagster)
        assert dagster.get_materialized_partitions(visits.key) == {f"2026-03-0{n}" for n in (2, 3, 4, 5)}
        events = dagster.fetch_materializations(visits.key, limit=10).records
        rows = {e.partition_key: e.asset_materialization.metadata["dagster/row_count"].value for e in events}
        assert rows == {f"2026-03-0{n}": n for n in (2, 3, 4, 5)}
        newest = dagster.get_latest_materialization_event(visits.key)
        assert newest is not None
        assert newest.asset_materialization.partition == "2026-03-05"


def test_the_ordinary_storage_reads_what_the_batched_one_wrote(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "1000")
    with instance(tmp_path / "home", monkeypatch) as dagster:
        run_id = materialize(dagster)
        plain = SqliteEventLogStorage(base_dir=str(tmp_path / "home" / "history" / "runs"))
        kinds = [
            r.event_type_value
            for r in (e.event_log_entry.dagster_event for e in plain.get_records_for_run(run_id).records)
            if r
        ]
        assert kinds.count("ASSET_MATERIALIZATION") == 4
        assert plain.get_materialized_partitions(visits.key) == {f"2026-03-0{n}" for n in (2, 3, 4, 5)}


def test_a_check_of_a_range_is_planned_once_and_does_not_stay_planned(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "1000")
    with instance(tmp_path / "home", monkeypatch) as dagster:
        materialize(dagster)
        check = dg.AssetCheckKey(visits.key, "counted")
        history = dagster.event_log_storage.get_asset_check_execution_history(check, limit=10)
        assert [record.status.value for record in history] == ["SUCCEEDED"]
