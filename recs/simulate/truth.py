"""What really is, beside the drops and never in them: tastes, life cycles, abuse, stock, and the dirt of each file."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recs.ingest.files import written_whole
from recs.simulate.columns import dates, ids, times, words
from recs.simulate.days import State
from recs.simulate.drops import DropCounts
from recs.simulate.items import NEVER
from recs.simulate.lines import hex_texts
from recs.simulate.people import KINDS
from recs.simulate.rows import ACTIONS, id_texts
from recs.simulate.spec import DAY_MS
from recs.simulate.vocabulary import DEVICES, REGIONS, STYLES
from recs.simulate.world import World

if TYPE_CHECKING:
    import polars as pl


def write_world(world: World, truth: Path) -> None:
    """users.parquet, items.parquet, promotions.parquet and bursts.json."""
    _write_frame(_users(world), truth / "users.parquet")
    _write_frame(_items(world), truth / "items.parquet")
    _write_frame(_promotions(world), truth / "promotions.parquet")
    items = id_texts(world.catalogue.ids)
    people = id_texts(world.people.ids[len(world.people) - len(world.bursts.at_ms) :])
    bursts = [
        {
            "item_id": items[item],
            "seller_id": f"s{world.catalogue.seller[item]:05d}",
            "first_at": _text(first),
            "last_at": _text(last),
            "user_ids": people[world.bursts.burst == number].tolist(),
        }
        for number, item, first, last in world.bursts.starts
    ]
    _write_json(bursts, truth / "bursts.json")


def write_dirt(counts: Sequence[DropCounts], truth: Path) -> dict[str, Any]:
    """dirt.json: each event drop and the total; what was planted, and what each row should become."""
    names = ("rows", "valid", "quarantined", "duplicate", "late")
    kinds: Counter[str] = Counter()
    for drop in counts:
        kinds.update(drop.kinds)
    total = {name: sum(getattr(drop, name) for drop in counts) for name in names} | {
        "kinds": dict(sorted(kinds.items()))
    }
    files = {drop.file: {name: value for name, value in asdict(drop).items() if name != "file"} for drop in counts}
    _write_json({"total": total, "files": files}, truth / "dirt.json")
    return total


def write_shop(world: World, told: dict[str, Any], truth: Path) -> None:
    """shop.json: what was asked for, and what was made."""
    asked = asdict(world.spec) | {"first_day": world.spec.first_day.isoformat()}
    _write_json({"asked": asked, "made": told}, truth / "shop.json")


def stock_rows(world: World, opening: np.ndarray, state: State, day: int) -> "pl.DataFrame":
    """Units of the items that moved on a day: what lay there before, came from suppliers, was sold, was sent back."""
    import polars as pl

    moves = {"delivered": state.delivered, "sold": state.sold, "returned": state.returned}
    moved = np.flatnonzero(np.logical_or.reduce([units > 0 for units in moves.values()]))
    columns = {"item_code": moved.astype(np.int32), "opening": opening[moved]}
    frame = pl.DataFrame(columns | {name: units[moved] for name, units in moves.items()})
    return frame.select(pl.lit(world.spec.day(day)).alias("date"), pl.all())


def write_undelivered(world: World, rows: np.ndarray, truth: Path) -> None:
    """undelivered.parquet: what happened, but would have arrived after the run."""
    import polars as pl

    frame = pl.DataFrame(
        {
            "event_id": ids(hex_texts(rows["id_hi"], rows["id_lo"])),
            "event_at": times(rows["at"]),
            "action": words(ACTIONS, rows["action"]),
            "item_code": rows["item"],
            "quantity": rows["quantity"],
        }
    )
    _write_frame(frame, truth / "undelivered.parquet")


def write_stock(days: Sequence["pl.DataFrame"], truth: Path) -> None:
    """stock.parquet: the days' rows under one another."""
    import polars as pl

    _write_frame(pl.concat(days), truth / "stock.parquet")


def _users(world: World) -> "pl.DataFrame":
    import polars as pl

    people, spec = world.people, world.spec
    frame = pl.DataFrame(
        {
            "user_code": np.arange(len(people), dtype=np.int32),
            "user_id": ids(people.ids),
            "kind": words(KINDS, people.kind),
            "region": words(REGIONS, people.region),
            "device": words(DEVICES, people.device),
            "style": words(STYLES, people.style),
            "thrift": people.thrift,
            "activity": people.activity,
            "favourite_categories": people.favourite,
            "favourite_shares": people.favourite_share,
            "signed_up_at": times(people.signed_up_ms),
        }
    )
    days = {
        "dormant_from_date": people.dormant_from,
        "dormant_until_date": people.dormant_until,
        "leave_date": people.leave_day,
    }
    days["dormant_until_date"] = np.where(people.dormant_from == NEVER, NEVER, people.dormant_until)
    return frame.with_columns(dates(spec.start_ms, values).alias(name) for name, values in days.items())


def _items(world: World) -> "pl.DataFrame":
    import polars as pl

    catalogue, spec = world.catalogue, world.spec
    departments, nouns = zip(*catalogue.category_names, strict=True)
    frame = pl.DataFrame(
        {
            "item_code": np.arange(len(catalogue), dtype=np.int32),
            "item_id": ids(catalogue.ids),
            "category": catalogue.category,
            "category_l1": words(departments, catalogue.category),
            "category_l2": words(nouns, catalogue.category),
            "style": words(STYLES, catalogue.style),
            "popularity": catalogue.weight,
            "quality": catalogue.quality,
            "price": catalogue.cents / 100,
            "cost": catalogue.cost_cents / 100,
            "elasticity": catalogue.elasticity,
            "trend_a_day": catalogue.slope,
            "fad_size": catalogue.fad_size,
            "fad_day": catalogue.fad_day,
            "fad_width_days": catalogue.fad_width,
            "gap_days": catalogue.gap_days,
            "return_chance": catalogue.return_chance,
            "first_stock": catalogue.first_stock,
            "launch_at": pl.Series(spec.start_ms + catalogue.launch_day.astype(np.int64) * DAY_MS),
            "retire_at": pl.Series(catalogue.retire_ms(spec)).set(pl.Series(catalogue.retire_day == NEVER), None),
        }
    )
    return frame.with_columns(pl.col("launch_at", "retire_at").cast(pl.Datetime("ms", "UTC")))


def _promotions(world: World) -> "pl.DataFrame":
    import polars as pl

    promotions, start = world.promotions, world.spec.start_ms
    return pl.DataFrame(
        {
            "item_code": promotions.item,
            "first_date": dates(start, promotions.first_day),
            "last_date": dates(start, promotions.last_day),
            "known_date": dates(start, promotions.known_day),
            "discount": promotions.discount,
        }
    )


def _text(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _write_frame(frame: "pl.DataFrame", path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)


def _write_json(document: Any, path: Path) -> None:
    written_whole(path, (json.dumps(document, indent=1) + "\n").encode(), sync=False)
