"""Drops of the catalogue, of sign-ups and of promotions, in the columns of their contracts, when they are due."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recs.ingest.files import written_whole
from recs.simulate.columns import dates, ids, times, words
from recs.simulate.drops import drop_path
from recs.simulate.items import RETIRE_HOUR
from recs.simulate.spec import DAY_MS, HOUR_MS, HOURS
from recs.simulate.vocabulary import CURRENCY, REGIONS, STYLES, brand_names
from recs.simulate.world import World

if TYPE_CHECKING:
    import polars as pl

KNOWN_HOUR = 6  # of the day on which a promotion is announced
_SEGMENTS = ("new", "rare", "regular", "frequent")


class CatalogueDrops:
    """The catalogue as last written, so that a row goes out only when an item is new or has changed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._static = _static_items(world)
        self._cents = np.full(len(world.catalogue), -1, np.int32)
        self._available = np.zeros(len(world.catalogue), bool)

    def opening(self, day: int, cents: np.ndarray, stock: np.ndarray) -> "pl.DataFrame | None":
        """Rows at midnight: launches, prices of the day, and what is in stock again."""
        catalogue = self.world.catalogue
        available = catalogue.on_sale(day) & (stock > 0)
        known = (catalogue.launch_day <= day) & (day < catalogue.retire_day)
        changed = known & ((self._cents != cents) | (self._available != available))
        codes = np.flatnonzero(changed)
        at = np.full(len(codes), self.world.spec.start_ms + day * DAY_MS)
        return self._rows(codes, at, cents[codes], available[codes], stock[codes])

    def closing(self, codes: np.ndarray, at: np.ndarray, stock: np.ndarray) -> "pl.DataFrame | None":
        """Rows of items that cannot be bought from then on."""
        still = self._available[codes]
        codes, at = codes[still], at[still]
        return self._rows(codes, at, self._cents[codes], np.zeros(len(codes), bool), stock[codes])

    def retiring(self, day: int, stock: np.ndarray) -> "pl.DataFrame | None":
        """Rows of items that are taken off for good at RETIRE_HOUR of a day."""
        codes = np.flatnonzero(self.world.catalogue.retire_day == day)
        at = np.full(len(codes), self.world.spec.start_ms + day * DAY_MS + RETIRE_HOUR * HOUR_MS)
        return self.closing(codes, at, stock)

    def _rows(
        self, codes: np.ndarray, at: np.ndarray, cents: np.ndarray, available: np.ndarray, stock: np.ndarray
    ) -> "pl.DataFrame | None":
        import polars as pl

        if not len(codes):
            return None
        self._cents[codes], self._available[codes] = cents, available
        return self._static[codes].with_columns(
            price=pl.Series(cents / 100),
            is_available=pl.Series(available),
            stock=pl.Series(stock),
            updated_at=times(at),
        )


def _static_items(world: World) -> "pl.DataFrame":
    """One row an item: what never changes."""
    import polars as pl

    catalogue, n = world.catalogue, len(world.catalogue)
    departments, nouns = zip(*catalogue.category_names, strict=True)
    frame = pl.DataFrame(
        {
            "item_id": ids(catalogue.ids),
            "l1": words(departments, catalogue.category),
            "l2": words(nouns, catalogue.category),
            "style": words(STYLES, catalogue.style),
            "brand": words(brand_names(int(catalogue.brand.max()) + 1), catalogue.brand),
        }
    )
    return frame.select(
        "item_id",
        title=pl.format("{} {}, {} no. {}", pl.col("style").str.to_titlecase(), "l2", "brand", pl.int_range(1, n + 1)),
        description=pl.format("{} {} by {}.", pl.col("style").str.to_titlecase(), "l2", "brand"),
        category_l1="l1",
        category_l2="l2",
        category_l3=pl.format("{} {}", "style", "l2"),
        brand="brand",
        seller_id=pl.format("s{}", pl.Series(catalogue.seller).cast(pl.String).str.zfill(5)),
        cost=pl.Series(catalogue.cost_cents / 100),
        currency=pl.lit(CURRENCY),
        attributes=pl.concat_str(pl.lit('{"style":"'), "style", pl.lit('"}')),
        is_blocked=pl.lit(False),
        is_adult=pl.lit(False),
        first_seen_date=times(catalogue.known_at_ms).dt.date(),
    )


class SignUps:
    """Shoppers in the order of their sign-up."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._order = np.argsort(world.people.signed_up_ms, kind="stable")
        self._at = world.people.signed_up_ms[self._order]
        self._level = np.quantile(world.people.activity, [0.4, 0.8])

    def of_hour(self, hour: int) -> "pl.DataFrame | None":
        """Rows of those who signed up in an hour of the run; in the first, also of all before."""
        import polars as pl

        begin = self.world.spec.start_ms + hour * HOUR_MS
        first = 0 if hour == 0 else int(np.searchsorted(self._at, begin))
        codes = self._order[first : int(np.searchsorted(self._at, begin + HOUR_MS))]
        if not len(codes):
            return None
        people = self.world.people
        signed_up = people.signed_up_ms[codes]
        segment = np.searchsorted(self._level, people.activity[codes]) + 1
        segment[signed_up >= self.world.spec.start_ms] = 0
        return pl.DataFrame(
            {
                "user_id": ids(people.ids[codes]),
                "signed_up_at": times(signed_up),
                "region": words(REGIONS, people.region[codes]),
                "segment": words(_SEGMENTS, segment),
                "is_internal": np.zeros(len(codes), bool),
                "is_suspected_bot": np.zeros(len(codes), bool),
                "updated_at": times(np.maximum(signed_up, self.world.spec.start_ms)),
            }
        )


def promotion_rows(world: World, hour: int) -> "pl.DataFrame | None":
    """Promotions announced in an hour of the run; in the first, also all that were announced before."""
    import polars as pl

    promotions, spec = world.promotions, world.spec
    known = promotions.known_day * HOURS + KNOWN_HOUR
    mine = np.flatnonzero(np.maximum(known, 0) == hour)
    if not len(mine):
        return None
    return pl.DataFrame(
        {
            "item_id": ids(world.catalogue.ids[promotions.item[mine]]),
            "kind": words(("display", "mailer"), promotions.is_mailer[mine]),
            "starts_date": dates(spec.start_ms, promotions.first_day[mine]),
            "ends_date": dates(spec.start_ms, promotions.last_day[mine]),
            "known_at": times(spec.start_ms + known[mine] * HOUR_MS),
            "store_share": promotions.store_share[mine],
            "discount": promotions.discount[mine],
        }
    )


def write_table(world: World, drops: Path, table: str, hour: int, parts: Iterable["pl.DataFrame | None"]) -> int:
    """One drop file of an hour, unless it has no rows; returns how many it has."""
    import polars as pl

    frames = [part for part in parts if part is not None and len(part)]
    if not frames:
        return 0
    frame = pl.concat(frames)
    written_whole(drops / drop_path(world.spec, table, hour), _packed(world, frame), sync=False)
    return len(frame)


def _packed(world: World, frame: "pl.DataFrame") -> bytes:
    import polars as pl
    from isal import isal_zlib

    out = io.BytesIO()
    if world.spec.format == "parquet":
        frame.write_parquet(out, compression="zstd", compression_level=1)
        return out.getvalue()
    times = frame.with_columns(pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))
    times.write_ndjson(out)
    packer = isal_zlib.compressobj(1, isal_zlib.DEFLATED, 31)
    return packer.compress(out.getbuffer()) + packer.flush()
