"""``aisle evaluate``: the offline report of an as-of day, and any public train/test split."""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.days import newest_judged_day, parse_day
from cli.output import Json, out, print_json, print_table, progress_bar
from orchestration.settings import load_settings

MODELS = "popularity,item_knn,ials"


def register(app: typer.Typer) -> None:
    evaluate = typer.Typer()
    evaluate.callback(invoke_without_command=True)(as_of_day)
    evaluate.command("split")(split)
    app.add_typer(evaluate, name="evaluate")


def as_of_day(
    context: typer.Context,
    as_of: Annotated[str, typer.Option(help="The as-of day; without it, the newest day with a week after it.")] = "",
    weeks: Annotated[int, typer.Option(help="Judge this many days a week apart, the last of them --as-of.", min=1)] = 1,
    lists: Annotated[Path | None, typer.Option(help="A folder for every compared list and the truth.")] = None,
    json: Json = False,
) -> None:
    """How good the lists of a day were, judged by what was bought in the seven days after it."""
    if context.invoked_subcommand is not None:
        return
    from cli.report import judge, show_days, write_lists, write_report

    settings = load_settings()
    day = parse_day(as_of) if as_of else newest_judged_day(settings)
    days = [day - timedelta(days=7 * n) for n in range(weeks - 1, -1, -1)]
    document = judge(settings, days)
    page = write_report(settings, document)
    if lists is not None:
        write_lists(settings, days, lists)
    if json:
        print_json(document)
        return
    show_days(document)
    out.print(f"Report: {page}")


def split(
    train: Annotated[Path, typer.Option(help="Parquet or CSV: user_id, item_id[, weight].")],
    test: Annotated[Path, typer.Option(help="Parquet or CSV: user_id, item_id.")],
    items: Annotated[Path | None, typer.Option(help="item_id of all that may be listed; else train and test.")] = None,
    models: Annotated[str, typer.Option(help="Some of popularity, item_knn, ials.")] = MODELS,
    k: Annotated[str, typer.Option(help="Cut-offs, such as 10,20.")] = "10,20",
    json: Json = False,
) -> None:
    """Judge models on a public train/test split: every item is ranked, items of train left out."""
    from recs.evaluation.split import evaluate_split, read_split

    ks, names = _cut_offs(k), list(dict.fromkeys(models.replace(" ", "").split(",")))
    held = read_split(train, test, items)
    with progress_bar("", held.counts["users"] * len(names)) as advance:
        report = evaluate_split(held, names, ks=ks, threads=os.cpu_count() or 1, advance=advance)
    if json:
        print_json(report)
    else:
        show_split(report, max(ks))


def show_split(report: Mapping[str, Any], k: int) -> None:
    """One column a model, at the largest cut-off; then what test holds that train does not."""
    models = report["models"]
    names = [name for name in next(iter(models.values())) if name.endswith((f"@{k}", "_s"))]
    rows = [
        (name, *(f"{scores[name]:.{1 if name.endswith('_s') else 4}f}" for scores in models.values())) for name in names
    ]
    print_table(f"{report['users']:,} users, {report['items']:,} items", ("", *models), rows)
    for name, count in report.items():
        if name not in ("models", "users", "items") and count:
            out.print(f"{name.replace('_', ' ')}: {count:,}")


def _cut_offs(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 1 <= int(part) <= 1000 for part in parts):
        raise typer.BadParameter(
            f"{text!r} is not a list of whole numbers from 1 to 1000, such as 10,20", param_hint="--k"
        )
    return sorted({int(part) for part in parts})
