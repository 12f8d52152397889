"""Runs a job of the code location in this process, against the shop's own Dagster instance, and says what it did."""

import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from orchestration.settings import PROJECT, Settings
from recs.errors import AisleError, ConfigError

EVENT_BATCH_SIZE = "1000"


class RunFailed(AisleError):
    """A Dagster run ended without success; the problem is what its failed steps said."""


@dataclass
class TableRows:
    """What a run did to one table: rows of its partitions, partitions written and kept, seconds."""

    table: str
    rows: int = 0
    written: int = 0
    kept: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class RunReport:
    """A finished run: its id, wall seconds, and its tables in the order they were made."""

    run_id: str
    seconds: float
    tables: list[TableRows]


def prepare_instance(settings: Settings) -> None:
    """Give the shop its Dagster home, and this process the environment that Dagster reads from.

    IdentityError, before anything is written, for a lake of another mode or key than ``[identity]`` says.
    """
    _ = settings.identity
    settings.dagster.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PROJECT / "dagster.yaml", settings.dagster / "dagster.yaml")
    os.environ.update(
        DAGSTER_HOME=str(settings.dagster),
        DAGSTER_EVENT_BATCH_SIZE=EVENT_BATCH_SIZE,
        AISLE_HOME=str(settings.home),
        AISLE_CONFIG=str(settings.config),
        AISLE_THREADS=str(settings.threads),
        OMP_WAIT_POLICY="passive",  # LightGBM and others: a waiting thread must not hold a core
    )


def run_job(
    settings: Settings,
    first: date,
    last: date,
    *,
    job: str = "daily",
    select: Sequence[str] = (),
    on_step: Callable[[str], None] = lambda step: None,
) -> RunReport:
    """Run a job of assets for a range of days in one run, whole or only some stages or tables. Raises RunFailed."""
    from orchestration.partitions import range_tags

    prepare_instance(settings)
    made = _job(job, settings.home, settings.config)
    chosen = _chosen(made.asset_layer.executable_asset_keys, select)
    return _run(settings, made, on_step, tags=range_tags(first, last), asset_selection=chosen)


def run_bootstrap(
    settings: Settings, as_of: date, weeks: int, *, on_step: Callable[[str], None] = lambda step: None
) -> RunReport:
    """Make the past as-of days, a week apart, that a ranker of ``as_of`` learns from. Raises RunFailed."""
    prepare_instance(settings)
    ops = {"past_as_ofs": {"config": {"as_of": as_of.isoformat(), "weeks": weeks}}}
    return _run(settings, _job("bootstrap", settings.home, settings.config), on_step, run_config={"ops": ops})


def _run(
    settings: Settings,
    job: Any,
    on_step: Callable[[str], None],
    run_config: Mapping[str, Any] | None = None,
    **options: Any,
) -> RunReport:
    import dagster as dg

    started, run_id = time.monotonic(), str(uuid.uuid4())
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with dg.DagsterInstance.from_config(str(settings.dagster)) as instance:
        instance.add_event_listener(run_id, lambda event: on_step(event.step_key or "") if _starts(event) else None)
        result = job.execute_in_process(
            instance=instance,
            run_id=run_id,
            raise_on_error=False,
            run_config={**quiet, **(run_config or {})},
            **options,
        )
    if not result.success:
        raise RunFailed(
            _failures(result.all_events), "mend that, then run the same command again: what is done is kept"
        )
    return RunReport(run_id, time.monotonic() - started, _tables(result.all_events))


@cache
def _job(name: str, home: Path, config: Path) -> Any:
    """A job of the shop that the environment names by now; loading it costs seconds, so once a process."""
    return _definitions(home, config).resolve_job_def(name)


@cache
def _definitions(home: Path, config: Path) -> Any:
    from orchestration.definitions import defs

    return defs()


def _chosen(keys: Iterable[Any], select: Sequence[str]) -> list[Any]:
    """The assets of the stages and tables named; all of them when none is. ConfigError for a name that is neither."""
    tables = {"/".join(key.path): key for key in keys}
    known = {table.split("/")[0] for table in tables} | set(tables)
    unknown = [name for name in select if name not in known]
    if unknown:
        raise ConfigError(f"there is no stage or table {unknown[0]!r}", f"choose from {', '.join(sorted(known))}")
    return [key for table, key in tables.items() if not select or {table, table.split("/")[0]} & set(select)]


def _starts(event: Any) -> bool:
    return bool(event.is_dagster_event and event.dagster_event.is_step_start)


def _failures(events: Iterable[Any]) -> str:
    """What the failed steps said, without the tracebacks: those are in the run's log."""
    said = []
    for event in (e for e in events if e.is_step_failure):
        error = event.step_failure_data.error
        message = (error.cause or error).message if error else "failed"
        said.append(f"step {event.step_key} failed: {message.split(': ', 1)[-1].strip()}")
    return "\n".join(said) or "the run failed before its first step"


def _tables(events: Sequence[Any]) -> list[TableRows]:
    step_s = {e.step_key: e.step_success_data.duration_ms / 1000 for e in events if e.is_step_success}
    tables: dict[str, TableRows] = {}
    for event in (e for e in events if e.is_step_materialization):
        name, values = "/".join(event.asset_key.path), event.materialization.metadata
        if "reused" not in values:
            continue  # a day that got no partition: its table is neither fed nor read
        table = tables.setdefault(name, TableRows(name))
        table.rows += int(values["dagster/row_count"].value or 0)
        if values["reused"].value:
            table.kept += 1
        else:
            table.written += 1
        own_s = values.get("seconds")
        table.seconds = float(own_s.value) if own_s else (step_s.get(event.step_key, 0.0) if table.written else 0.0)
    return list(tables.values())
