"""Candidates of a surface's lists: what its channels propose for each list's shopper, region or product, best first."""

from collections.abc import Mapping

import polars as pl

from recs.channels.ranked import USER
from recs.errors import ConfigError
from recs.policies.reasons import REASON_OF, WHEN_DUE
from recs.policies.titles import title_codes
from recs.surfaces.keys import TIERS
from recs.surfaces.spec import Source, SurfaceSpec

RANKING = "ranking"
_ENTITIES = sorted({entity for tiers in TIERS.values() for entity, _ in tiers})
_ROW = ("entity_code", "item_code", "score", "rank", "reason_item_code", "channel", "reason")
_KEY_COLUMNS = ("list_code", "user_code", "key_item_code", "key_category_code", "key_title_code")


def fillers(spec: SurfaceSpec) -> list[tuple[str, int]]:
    """What fills the surface's lists and its quota, in turn: ``channel_order`` is the place here, from 0."""
    ranked = [] if spec.ranking is None else [(RANKING, spec.slots)]
    return [*ranked, *((channel.name, channel.quota) for channel in spec.channels)]


def shown_items(dim_item: pl.DataFrame) -> pl.DataFrame:
    """item_code, category_code, title_code of the items that may be shown."""
    shown = dim_item.filter(pl.col("is_recommendable"))
    return shown.select("item_code", "category_code").join(title_codes(dim_item), on="item_code")


def chosen_channels(
    spec: SurfaceSpec, channels: Mapping[str, pl.DataFrame], ranking: pl.DataFrame | None = None
) -> list[dict[str, pl.DataFrame]]:
    """The tables of ``fillers``, each by the entity of the lists: the surface's ranking, then its channels.

    ConfigError when a channel is missing, or has no reason for what it proposes. ValueError unless a ranking is given
    just where the spec names one: each filler would take another's turn.
    """
    if (ranking is None) != (spec.ranking is None):
        raise ValueError(f"surface '{spec.surface}': give a ranking just where its spec names one ({spec.ranking})")
    for channel in spec.channels:
        if channel.name not in channels:
            raise ConfigError(
                f"surface '{spec.surface}': field 'channels' names '{channel.name}', which no channel table holds",
                f"name one of {', '.join(sorted(channels))}, or build the channel first",
            )
        _require_reasons(channel.name, channels[channel.name])
    tables = [_by_entity(_with_reasons(channels[c.name].with_columns(channel=pl.lit(c.name)))) for c in spec.channels]
    if ranking is None:
        return tables
    ranked = _with_reasons(ranking).rename({"user_code": "entity_code"}).with_columns(entity=pl.lit(USER))
    return [_by_entity(ranked), *tables]


def _with_reasons(table: pl.DataFrame) -> pl.DataFrame:
    """Rows with the reason code that is true of each, by the channel that proposed it and for whom."""
    rows = [(channel, entity, code) for (channel, entity), code in REASON_OF.items()]
    codes = pl.DataFrame(rows, schema=["channel", "entity", "reason"], orient="row")
    told = table.join(codes, on=["channel", "entity"], how="left", maintain_order="left")
    if "is_due" not in table.columns:
        return told
    restock = pl.col("reason").replace(dict(WHEN_DUE))
    return told.with_columns(reason=pl.when("is_due").then(restock).otherwise("reason"))


def _by_entity(table: pl.DataFrame) -> dict[str, pl.DataFrame]:
    rows = table.with_columns(pl.col("channel", "reason").cast(pl.Categorical))
    return {entity: rows.filter(pl.col("entity") == entity).select(_ROW) for entity in _ENTITIES}


def _require_reasons(channel: str, table: pl.DataFrame) -> None:
    for entity in table["entity"].unique().sort():
        if (channel, entity) not in REASON_OF:
            raise ConfigError(
                f"channel '{channel}' proposes items for the entity '{entity}', and no reason is stated for them",
                "add the pair to REASON_OF in recs/policies/reasons.py",
            )


def candidates(keys: pl.DataFrame, tables: list[dict[str, pl.DataFrame]], items: pl.DataFrame) -> pl.DataFrame:
    """What each list may hold, in no order: list_code, channel_order, tier, rank say it.

    keys: lists of ``keys.list_keys``. tables: from ``chosen_channels``. items: from ``shown_items``. Returns their
    columns, the keys' codes, score, reason_item_code, channel, reason and channel_order.
    """
    found = [
        _proposed(keys.filter(pl.col("source") == source), table, source).with_columns(
            channel_order=pl.lit(order, dtype=pl.UInt8)
        )
        for source in TIERS
        for order, table in enumerate(tables)
    ]
    return pl.concat(found).join(items, on="item_code")


def _proposed(keys: pl.DataFrame, table: Mapping[str, pl.DataFrame], source: Source) -> pl.DataFrame:
    tiers = []
    for tier, (entity, column) in enumerate(TIERS[source]):
        lists = keys.select(*_KEY_COLUMNS, entity_code=column)
        tiers.append(
            lists.join(table[entity], on="entity_code")
            .drop("entity_code")
            .with_columns(tier=pl.lit(tier, dtype=pl.UInt8))
        )
    return pl.concat(tiers)
