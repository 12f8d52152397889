"""What ``aisle evaluate`` does for as-of days: runs the evaluation, pools the days, writes page and lists, prints."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from cli.output import out, print_table, progress_bar
from orchestration.launch import run_job
from orchestration.settings import Settings
from recs.errors import ConfigError

HEADLINE = "ndcg@10"
KINDS = ("new", "all")
KIND_OF = {"discover": "new", "repeat": "all"}  # what a ranking is made for


def judge(settings: Settings, days: Sequence[date]) -> dict[str, Any]:
    """The evaluation document of the last day, with intervals over all ``days``. What is up to date is kept."""
    import polars as pl

    from assets.evaluation import DOCUMENT, EVALUATION, evaluation_passes
    from orchestration.resources import ShopResource
    from recs.evaluation.weeks import leads, pooled
    from recs.lake import Lake
    from recs.lake.inputs import Inputs

    shop = ShopResource(home=str(settings.home), config=str(settings.config), threads=settings.threads)
    (made,) = evaluation_passes(settings)
    for day in made.stale(shop, days, Inputs(shop.lake())):
        with progress_bar(f"{day}:") as advance:
            run_job(settings, day, day, job="evaluation", on_step=advance)
    lake = Lake(settings.lake)
    document: dict[str, Any] = json.loads((lake.folder(EVALUATION, days[-1]) / DOCUMENT).read_bytes())
    scores = pl.concat([lake.read(EVALUATION, day) for day in days])
    rivals = [f"channel:{name}" for name in document["channels"]]
    rivals += [f"baseline:{name}" for name in document["baselines"]]
    found = leads(scores, {f"surface:{name}": kind for name, kind in surface_kinds(settings).items()}, rivals)
    return {
        **document,
        "days": [day.isoformat() for day in days],
        "intervals": {m: {k: {HEADLINE: v} for k, v in kinds.items()} for m, kinds in pooled(scores).items()},
        "leads": found,
    }


def surface_kinds(settings: Settings) -> dict[str, str]:
    """Each ranked surface with the kind of purchases it is made for."""
    from recs.surfaces.spec import read_specs

    specs = read_specs(settings.config / "surfaces").values()
    return {spec.surface: KIND_OF[spec.ranking] for spec in specs if spec.ranking}


def write_report(settings: Settings, document: Mapping[str, Any]) -> Path:
    """The document as a page and as JSON below ``AISLE_HOME/reports``; returns the page."""
    from recs.evaluation.report import render_report
    from recs.ingest.files import written_whole

    page = settings.reports / f"evaluation-{document['as_of_date']}.html"
    written_whole(page.with_suffix(".json"), json.dumps(document, indent=1).encode())
    written_whole(page, render_report(document).encode())
    return page


def write_lists(settings: Settings, days: Sequence[date], folder: Path) -> None:
    """Every compared list and the truth of each day as Parquet: method, surface, kind, user_id, item_id, rank.

    The folder is the shop's own and not the lake's: its files hold the shop's user ids.
    """
    import polars as pl

    from assets.evaluation import evaluate, with_ids
    from recs.identity.frames import with_shop_ids
    from recs.lake import Lake

    lake, identity = Lake(settings.lake), settings.identity
    if identity.is_sealed and folder.resolve().is_relative_to(settings.lake):
        raise ConfigError(f"{folder} lies in the lake, which holds no clear user ids", "choose another folder")
    columns = ["as_of_date", "method", "surface", "kind", "user_id", "item_id", "rank"]
    for day in days:
        done = evaluate(settings, lake, day)
        truth = done.truth.with_columns(
            method=pl.lit("truth"), surface=pl.lit(None, pl.String), rank=pl.lit(None, pl.UInt16)
        )
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in (("lists", done.lists), ("truth", truth)):
            told = with_shop_ids(with_ids(rows, lake, day).select(columns), identity)
            told = told.sort(["method", "kind", "user_id", "rank", "item_id"])
            told.write_parquet(folder / f"{name}-{day}.parquet")


def show_days(document: Mapping[str, Any]) -> None:
    """The headline table: NDCG@10 of every method on what is new and on all, with its interval."""
    days, intervals = document["days"], document["intervals"]
    span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}, {len(days)} weeks"
    rows = [
        (method, role.replace("_", " "), *(_interval(intervals[f"{role}:{method}"].get(k)) for k in KINDS))
        for role, methods in _methods(document)
        for method in methods
    ]
    print_table(f"NDCG@10, as of {span}", ("method", "", "new items", "everything bought"), rows)
    for lead in _narrowest(document["leads"]):
        out.print(
            f"{lead['surface']} leads {lead['rival']}, its nearest rival, by {lead['mean']:.4f}"
            f" ({lead['lower']:+.4f} to {lead['upper']:+.4f})"
        )
    for purpose in ("discover", "repeat"):
        recall = document["pools"][purpose]["recall"]
        told = ", ".join(f"{share:.3f} at {size}" for size, share in recall.items())
        out.print(f"recall of the {purpose} pools of {days[-1]}: {told}")


def _methods(document: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    parts = [("surface", document["surfaces"]), ("before_policies", document["policies"])]
    parts += [("channel", document["channels"]), ("baseline", document["baselines"])]
    return [(role, list(methods)) for role, methods in parts]


def _interval(measures: Mapping[str, Mapping[str, float]] | None) -> str:
    if measures is None:
        return "nobody bought any"
    values = measures[HEADLINE]
    return f"{values['mean']:.4f} ({values['lower']:.4f}-{values['upper']:.4f})"


def _narrowest(leads: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    surfaces = list(dict.fromkeys(lead["surface"] for lead in leads))
    return [min((x for x in leads if x["surface"] == name), key=lambda x: float(x["mean"])) for name in surfaces]
