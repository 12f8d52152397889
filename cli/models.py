"""``aisle models``: the artefacts that channels and rankings were made with, and their cards."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import typer

from cli.days import parse_day
from cli.output import Json, out, print_json, print_table
from orchestration.settings import Settings, load_settings
from recs.errors import AisleError

CARD = "card.json"


def register(app: typer.Typer) -> None:
    models = typer.Typer(help="Models: what was learned, from what, and how good it is.", no_args_is_help=True)
    models.command("list")(list_models)
    models.command("show")(show)
    app.add_typer(models, name="models")


def list_models(json: Json = False) -> None:
    """Every model of every as-of day, newest first."""
    from recs.lake import Lake

    lake = Lake(load_settings().lake)
    rows = []
    for folder in sorted((lake.root / "models").glob("[!.]*")):
        table = f"models/{folder.name}"
        infos = [(day, lake.info(table, day)) for day in reversed(lake.days(table))]
        rows += [(folder.name, day, i.content_hash, i.bytes, i.run_id) for day, i in infos if i]
    names = ("model", "as_of_date", "content_hash", "bytes", "run_id")
    if json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table("models", ("model", "as of", "hash", "rows' bytes"), [(m, d, h[:16], b) for m, d, h, b, _ in rows])


def show(
    name: Annotated[str, typer.Argument(help="A model, such as ranker or ials.")],
    as_of: Annotated[str, typer.Option(help="Its as-of day; without it, the newest.")] = "",
    features: Annotated[int, typer.Option(help="How many of the most important features.", min=1)] = 15,
    json: Json = False,
) -> None:
    """A model's card: what it was trained on, how it was judged, and which features carry it."""
    card = read_card(load_settings(), name, parse_day(as_of) if as_of else None)
    if json:
        print_json(card)
        return
    out.print(f"{name}, as of {card['as_of_date']}, {card['content_hash'][:16]}")
    purposes = {key: part for key, part in card.items() if isinstance(part, Mapping) and "trained" in part}
    for purpose, part in purposes.items():
        _show_ranker(purpose, part, features)
    if not purposes:
        for key in ("what", "source", "settings", "learned"):
            out.print(f"{key}: {card.get(key)}")


def read_card(settings: Settings, name: str, day: date | None) -> dict[str, Any]:
    """The card beside a model's partition, with its day and content hash. AisleError where there is none."""
    from recs.lake import Lake

    lake, table = Lake(settings.lake), f"models/{name}"
    days = lake.days(table)
    if not days or (day or days[-1]) not in days:
        had = f"it has {days[0]} to {days[-1]}" if days else "it has none"
        raise AisleError(f"there is no model '{name}' as of {day or 'any day'}: {had}", "see aisle models list")
    day = day or days[-1]
    info = lake.info(table, day)
    card: dict[str, Any] = json.loads((lake.folder(table, day) / CARD).read_bytes())
    return {**card, "as_of_date": day.isoformat(), "content_hash": info.content_hash if info else ""}


def _show_ranker(purpose: str, card: Mapping[str, Any], features: int) -> None:
    if not card["trained"]:
        out.print(f"\n{purpose}: not trained, {card['why']}. {card['fix']} makes them.")
        return
    weeks = card["weeks"]
    judged = ", ".join(f"{name} {value:.4f}" for name, value in card["judged"]["ranker"].items())
    pool = ", ".join(f"{name} {value:.4f}" for name, value in card["judged"]["pool.pool_rank"].items())
    out.print(
        f"\n{purpose}: {card['trees']} trees from {len(weeks)} weeks, {weeks[0]['as_of_date']} to"
        f" {weeks[-1]['as_of_date']}, {sum(week['positives'] for week in weeks):,} purchases"
    )
    out.print(f"  judged on {card['judged_on']}, within its pools: {judged} (the pools' own order: {pool})")
    gains = card["importances"]
    total = sum(row["gain"] for row in gains) or 1.0
    rows = [(row["feature"], f"{100 * row['gain'] / total:.1f} %") for row in gains[:features]]
    print_table(f"{purpose}: {len(gains)} features", ("feature", "share of the gain"), rows)
