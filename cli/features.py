"""``aisle features``: what each feature is and is worth, and what a change of a feature model does."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cli.days import parse_day
from cli.output import Json, err, out, print_json, print_table, progress_bar
from orchestration.settings import load_settings
from recs.features.figures import four_digits, index, percent, points

SPREAD = ("null_share", "mean", "p1", "p10", "p50", "p90", "p99", "correlation")
ROOM = {"type": 100, "what it is": 200}  # the width of a terminal that has room for them
AsOf = Annotated[str, typer.Option(help="No snapshot after this day; without it, the newest.")]


def register(app: typer.Typer) -> None:
    features = typer.Typer(help="Features: what they are worth, and what a change does.", no_args_is_help=True)
    features.command("list")(list_features)
    features.command("catalogue")(catalogue)
    features.command("diff")(diff)
    features.command("ablate")(ablate)
    app.add_typer(features, name="features")


def list_features(as_of: AsOf = "", json: Json = False) -> None:
    """Every feature: nulls, drift since 28 days before, its part in the ranker, and what its model costs to build."""
    document = _read(as_of)
    if json:
        print_json(document)
        return
    for model in document["models"]:
        rows = [row for row in document["features"] if row["model"] == model["model"]]
        _show_model(model, rows, sorted({p for row in document["features"] for p in row["importance"]}))
    ranker = document["ranker_as_of_date"]
    out.print(f"Importance: share of the gain in the ranker of {ranker}." if ranker else "No ranker is trained yet.")
    made = f"{document['page']}; aisle features catalogue makes it anew" if document["page"] else ""
    out.print(f"With descriptions and tests, as a page to search: {made or 'aisle features catalogue'}.")


def catalogue(as_of: AsOf = "", json: Json = False) -> None:
    """Write the list as one HTML page that needs no network."""
    from cli.feature_catalogue import PAGE
    from recs.features.page import render_catalogue
    from recs.ingest.files import written_whole

    page = load_settings().reports / PAGE
    document = {**_read(as_of), "page": str(page)}
    written_whole(page, render_catalogue(document).encode())
    if json:
        print_json(document)
    else:
        out.print(f"Features: {len(document['features'])} of {len(document['models'])} models")
        out.print(f"Page: {page}")


def ablate(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="MODEL...", help="Only these, such as feat_item; all when left out.")
    ] = None,
    as_of: Annotated[str, typer.Option(help="The day whose ranker is taken apart; without it, the newest.")] = "",
    weeks: Annotated[int, typer.Option(min=1, help="Judged weeks: this day's, and those before it.")] = 1,
    json: Json = False,
) -> None:
    """What each feature model adds to the rankers: they are trained without it, and judged on a week they never saw."""
    from cli.feature_ablation import ablation
    from recs.errors import ConfigError
    from recs.lake import Lake

    settings = load_settings()
    days = Lake(settings.lake).days("models/ranker")
    if not as_of and not days:
        raise ConfigError("no ranker has been trained yet", "run aisle demo, or aisle run daily")
    with progress_bar("rankers") as advance:
        document = ablation(settings, parse_day(as_of) if as_of else days[-1], weeks, advance, models or ())
    if json:
        print_json(document)
        return
    for purpose, rows in document["purposes"].items():
        shown = [
            (
                row["left_out"],
                row["columns"],
                f"{row['ndcg@10']:.4f}",
                f"{row['gain']:+.4f}",
                f"{row['gain_interval'][0]:+.4f} to {row['gain_interval'][1]:+.4f}",
            )
            for row in rows
        ]
        title = f"{purpose}: NDCG@10 within the pools, {rows[0]['shoppers']:,} shopper-weeks"
        print_table(title, ("left out", "columns", "NDCG@10", "it adds", "95 % interval"), shown)


def diff(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Feature models, such as feat_item.")],
    as_of: Annotated[
        str, typer.Option(help="The day to build; without it, the newest with a week of facts after it.")
    ] = "",
    sample: Annotated[
        float | None, typer.Option(help="Compare this part of the shoppers, such as 0.02.", min=0.0001, max=1)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Show the columns that did not change too.")] = False,
    json: Json = False,
) -> None:
    """Build models as their SQL is now, beside the lake, and compare them with what is committed. Commits nothing."""
    from cli.feature_diff import chosen_models, diff_models
    from orchestration.dbt_project import load_manifest

    settings, day = load_settings(), parse_day(as_of) if as_of else None
    manifest = load_manifest()
    chosen = chosen_models(manifest, models)
    with progress_bar(f"dbt builds {', '.join(model.name for model in chosen)}"):
        document = diff_models(settings, manifest, chosen, day, sample)
    if json:
        print_json(document)
        return
    for model in document["models"]:
        _show_diff(model, document, every)
    out.print("Nothing was committed.")


def _read(as_of: str) -> dict[str, Any]:
    from cli.feature_catalogue import read_catalogue
    from orchestration.dbt_project import load_manifest

    settings, day = load_settings(), parse_day(as_of) if as_of else None
    with progress_bar("reading") as advance:
        document = read_catalogue(settings, load_manifest(), day, advance)
    if not any(model["as_of_date"] for model in document["models"]):
        err.print(
            f"no feature is committed{f' by {day}' if day else ''} yet: aisle demo, or aisle run daily, makes them"
        )
    return document


def _show_model(model: Mapping[str, Any], features: list[Mapping[str, Any]], purposes: list[str]) -> None:
    cost = "cost not recorded" if model["build_seconds"] is None else f"{model['build_seconds']:.1f} s a day to build"
    facts = [model["entity"], f"owner {model['owner']}", "not committed yet"]
    if model["as_of_date"]:
        facts[2:] = [f"as of {model['as_of_date']}, {model['rows']:,} rows", cost]
    if model["compared_with"]:
        facts.append(f"drift since {model['compared_with']}")
    shown = [
        {
            "feature": row["column"],
            "type": row["type"],
            "null": percent(row["null_share"]),
            "change": points(row["null_share_change"]),
            "drift": index(row["psi"]),
            **{purpose: percent(row["importance"].get(purpose)) for purpose in purposes},
            "": "" if row["is_learned"] else "ranker: false",
            "what it is": row["description"],
        }
        for row in features
    ]
    columns = [name for name in shown[0] if out.width >= ROOM.get(name, 0)] if shown else []
    rows = [[row[name] for name in columns] for row in shown]
    print_table(f"{model['model']}: {', '.join(facts)}", columns, rows, is_whole=True)
    out.print()


def _show_diff(model: Mapping[str, Any], document: Mapping[str, Any], every: bool) -> None:
    name, rows, in_force = model["model"], model["rows"], model["in_force"]
    part = f"{100 * (document['sample'] or 1):g} % of the shoppers" if model["is_sampled"] else "all rows"
    out.print(f"{name}, as of {document['as_of_date']}, {part}")
    if in_force is None:
        out.print(f"  new: no version is in force; it would have {rows['after']:,} rows")
    else:
        counts = f"{rows['kept']:,} kept, {rows['added']:,} added, {rows['removed']:,} removed"
        out.print(f"  rows: {rows['before']:,} in force, {rows['after']:,} now: {counts}")
        if in_force["is_same_code"]:
            out.print("  its SQL and what it shares with other models are those of the version in force")
        if not in_force["are_same_inputs"]:
            out.print("  what it reads has changed since the version in force was made: some of this is not the SQL")
    cost = model["build_seconds"]
    was = "not recorded" if cost["before"] is None else f"{cost['before']:.1f} s a day"
    out.print(f"  cost: {cost['after']:.1f} s for the day now; in force {was}")
    for key, word in (("columns_added", "added"), ("columns_removed", "removed")):
        if model[key]:
            out.print(f"  columns {word}: {', '.join(model[key])}")
    changed = {column: one for column, one in model["columns"].items() if one["changed"]}
    if not any(rows.values()):
        out.print("  there are no rows to compare" + (": take a larger --sample" if model["is_sampled"] else ""))
    elif not model["changed"]:
        out.print("  nothing changes: every value is the same")
    elif not changed:
        out.print("  every value of the rows kept is the same")
    if shown := model["columns"] if every else changed:
        _show_columns(shown, f"{len(changed)} of {len(model['columns'])} columns change")
        why = document["why_no_correlation"] or f"nothing is bought by {name}'s entity"
        week = f"{model['outcome']} in the 7 days to {document['outcome_until']}"
        out.print(f"  correlation: Spearman's, with {week}" if model["outcome"] else f"  no correlation: {why}")
    if model["read_by"]:
        out.print(f"  read by {', '.join(model['read_by'])}: name them too, to see what becomes of them")
    out.print()


def _show_columns(columns: Mapping[str, Mapping[str, Any]], title: str) -> None:
    rows = []
    for name, one in columns.items():
        types = dict.fromkeys(t for t in one["type"].values() if t)
        for side, words in (("before", "in force"), ("after", "now")):
            told = one[side] or {}
            first = (name, percent(one["changed_share"]), index(one["psi"]))
            lead = first if side == "before" else (" to ".join(types) if len(types) > 1 else "", "", "")
            values = (percent(told.get("null_share")), *(four_digits(told.get(key)) for key in SPREAD[1:]))
            rows.append((*lead, words, *values))
    print_table(title, ("column", "changed", "PSI", "", "null", *SPREAD[1:]), rows, is_whole=True)
