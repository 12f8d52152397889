"""``aisle replay quarantine``: rows that were turned away, tried again after a fix."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from cli.days import parse_day
from cli.output import Json, out, print_json, progress_bar
from orchestration.launch import run_job
from orchestration.settings import Settings, load_settings
from recs.errors import ConfigError


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Try again what was turned away.", no_args_is_help=True)
    group.command("quarantine")(quarantine)
    group.callback()(lambda: None)  # else a group of one command would lose its name
    app.add_typer(group, name="replay")


def quarantine(
    table: Annotated[str, typer.Option(help="A table that arrives, such as events.")],
    day: Annotated[str, typer.Option("--date", help="The day on which the rows arrived.")],
    rule: Annotated[str, typer.Option(help="Only rows that broke this rule, such as quantity:type.")] = "",
    json: Json = False,
) -> None:
    """Try the quarantined rows of a day again: those that pass now arrive now. Doing it twice adds nothing."""
    told = replayed(load_settings(), table, day, rule)
    if json:
        print_json(told)
        return
    for file, why in told["skipped"].items():
        out.print(f"left out: {file}: {why}")
    if told["known"]:
        out.print(f"{told['known']:,} rows were tried again before: they lie in quarantine where they arrived then.")
    if told["arrival_date"] is None:
        out.print("Nothing new to try.")
        return
    where = "where they lie" if told["arrival_date"] == told["date"] else f"arriving on {told['arrival_date']}"
    out.print(
        f"{told['read']:,} rows tried again, {where}: {told['valid']:,} passed, {told['quarantined']:,} broke a rule, "
        f"{told['duplicate']:,} had arrived before."
    )
    if told["unreadable_files"]:
        out.print(f"{told['unreadable_files']:,} files cannot be read.")
    for broken, n in told["reasons"].items():
        out.print(f"  {broken}: {n:,}")
    if told["reasons"]:
        again = f"aisle replay quarantine --table {table} --date {told['arrival_date']}"
        out.print(f"Those lie in quarantine under {told['arrival_date']}. After the next fix: {again}")
    if told["held"]:
        out.print(f"{table}/{told['arrival_date']} is held back now: {'; '.join(told['held'])}. See aisle hold list.")


def replayed(settings: Settings, table: str, day: str, rule: str) -> dict[str, Any]:
    """Land the rows again, build the day on which they arrive, and say what became of them."""
    from assets.raw import CONTRACTS, shop_sources
    from recs.contracts import load_contracts
    from recs.ingest.inputs import unbuilt_days
    from recs.ingest.replay import arrival_of_replay, replay_counts, replay_quarantine
    from recs.lake import Lake

    contracts = load_contracts(CONTRACTS)
    if table not in contracts:
        raise ConfigError(f"there is no table {table!r} that arrives", f"choose from {', '.join(contracts)}")
    sources, lake, now = shop_sources(settings, contracts), Lake(settings.lake), datetime.now(UTC)
    is_over = settings.last_day is not None
    done = replay_quarantine(
        table,
        parse_day(day),
        lake=lake,
        landing_root=settings.landing,
        sources=sources,
        arrivals={s.name: arrival_of_replay(s, sources, settings.landing, now, is_over=is_over) for s in sources},
        identity=settings.identity,
        rule=rule,
    )
    waiting = unbuilt_days([table], lake=lake, landing_root=settings.landing, sources=sources)
    entries = [*done.entries, *(entry for entry in done.before if entry.day in waiting)]  # of a call that was killed
    days = sorted({entry.day for entry in entries})
    if days:
        with progress_bar(f"raw/{table}") as advance:
            run_job(settings, days[0], days[-1], select=(f"raw/{table}",), on_step=advance)
    info = lake.info(f"raw/{table}", days[-1]) if days else None
    return {
        "table": table,
        "date": day,
        "rule": rule or None,
        "arrival_date": days[-1].isoformat() if days else None,
        **replay_counts(lake, table, entries),
        "files": [{"name": e.name, "replays": e.replays, "lines": e.replayed_lines} for e in done.taken],
        "known": done.known.total(),
        "skipped": done.skipped,
        "held": list(info.extra.get("held", ())) if info else [],
    }
