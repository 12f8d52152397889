"""``aisle status``: what serves, and how fresh each table is. ``aisle doctor``: what is broken, and the fix."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cli import hold
from cli.output import Json, out, print_json, print_table, progress_bar
from orchestration.settings import PROJECT, Settings, load_settings
from recs.errors import AisleError
from recs.ingest.holds import HELD


def register(app: typer.Typer) -> None:
    app.command("status")(status)
    app.command("doctor")(doctor)


@dataclass(frozen=True)
class Finding:
    """Something that the doctor found. ``mend`` is what ``--fix`` does about it."""

    place: str
    problem: str
    fix: str
    mend: Callable[[], object] | None = None


def status(json: Json = False) -> None:
    """The release in force, its age, what has come from each source, and the newest partition of every table."""
    from assets.releases import open_releases
    from cli.arrivals import show_sources, source_rows

    settings = load_settings()
    waiting = [batch for batch in hold.held(settings) if batch.state == HELD]
    document = {**open_releases(settings).catalogue.status(), "tables": _tables(settings)}
    document["held"] = [hold.row(batch) for batch in waiting]
    document["sources"] = source_rows(settings)
    if json:
        print_json(document)
        return
    active = document["active_release"]
    if active is None:
        out.print("No release is in force. Make one: aisle run daily --partition DAY")
    else:
        out.print(f"Release {active['id']}, as of {active['as_of_date']}, in force since {active['promoted_at']}.")
        rows = [(name, counts["keys"], counts["rows"]) for name, counts in active["surfaces"].items()]
        print_table("Surfaces", ("surface", "lists", "rows"), rows)
    if document["promotion_held"]:
        out.print("Promotion is held after a rollback. Release the hold: aisle releases resume")
    if waiting:
        hold.show_held(waiting)
    show_sources(document["sources"])
    tables = [(t["name"], t["newest_partition"], t["rows"], t["fresh"]) for t in document["tables"]]
    print_table("Tables", ("table", "newest partition", "its rows", "fresh"), tables)


def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Remove what killed runs left and what is damaged.")] = False,
    json: Json = False,
) -> None:
    """Check the installation, the landing ledger, the lake, the contracts and the store."""
    settings = load_settings()
    with progress_bar("checking") as advance:
        findings = []
        for finding in _findings(settings):
            advance(finding.place)
            findings.append(finding)
    fixed = [f for f in findings if fix and f.mend is not None]
    for finding in fixed:
        if finding.mend is not None:
            finding.mend()
    open_findings = [f for f in findings if f not in fixed]
    if json:
        print_json({"ok": not open_findings, "findings": [_row(f, f in fixed) for f in findings]})
    else:
        for finding in findings:
            mark = "fixed" if finding in fixed else "problem"
            out.print(f"{mark}: {finding.place}: {finding.problem}. Fix: {finding.fix}.")
        out.print("All is well." if not findings else f"{len(findings)} found, {len(fixed)} fixed.")
    if open_findings:
        raise typer.Exit(1)


def _findings(settings: Settings) -> Iterator[Finding]:

    from recs.contracts import load_contracts
    from recs.lake import Lake
    from recs.lake.damage import damaged_partitions
    from recs.lake.swap import leftovers

    try:
        load_contracts(PROJECT / "data_contracts")
    except AisleError as error:
        yield Finding("data_contracts", str(error.args[-2]), str(error.args[-1]))
    for root in (settings.landing, settings.lake, settings.exports, settings.reports):
        for path in leftovers(root) if root.exists() else []:
            place = str(path.relative_to(settings.home))
            yield Finding(place, "left by a run that was killed", "aisle doctor --fix", partial(_remove, path))
    for damage in damaged_partitions(Lake(settings.lake)):
        place = str(damage.folder.relative_to(settings.home))
        yield Finding(
            place, damage.problem, "aisle doctor --fix, then materialize it again", partial(_remove, damage.folder)
        )
    yield from _store_findings(settings)


def _store_findings(settings: Settings) -> Iterator[Finding]:
    from assets.releases import open_releases
    from recs.store import store_at

    store = store_at(settings.store)
    for name in store.leftovers():
        yield Finding(f"store/{name}", "left by a load that was killed", "aisle doctor --fix", store.clean)
    releases = open_releases(settings)
    if releases.catalogue.status()["active_release"]:
        for problem in releases.verify():
            yield Finding("store", problem, "aisle releases rollback, or run the day again")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _row(finding: Finding, fixed: bool) -> dict[str, object]:
    return {"place": finding.place, "problem": finding.problem, "fix": finding.fix, "fixed": fixed}


def _tables(settings: Settings) -> list[dict[str, object]]:
    """Newest partition and its rows per table. Fresh: as new as the newest events that have been taken in."""
    from recs.lake import Lake

    lake = Lake(settings.lake)
    names = {str(p.parent.parent.relative_to(lake.root)) for p in lake.root.glob("*/*/*=*/_partition.json")}
    arrived = max(lake.days("raw/events"), default=None)
    rows = []
    for name in sorted(names):
        newest = max(lake.days(name))
        info = lake.info(name, newest)
        rows.append(
            {
                "name": name,
                "newest_partition": newest.isoformat(),
                "rows": info.rows if info else 0,
                "fresh": newest == arrived,
            }
        )
    return rows
