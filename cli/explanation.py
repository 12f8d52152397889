"""Gathers what ``aisle explain`` tells: one item of one list, from the release in force back to its landed lines."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from assets.pools import PoolMaker, purpose_specs
from assets.ranker import CARD, RANKER
from assets.rankings import TOP_K, read_scoring
from assets.releases import open_releases
from orchestration.dbt_project import load_manifest
from orchestration.settings import Settings
from recs.errors import AisleError, ConfigError, LakeError
from recs.explain import words
from recs.explain.contributions import checked_score, score_parts
from recs.explain.facts import facts_of, source_lines, standing
from recs.explain.lineage import lineage
from recs.explain.pool import channel_words, listed_at, way_in
from recs.explain.released import ReleasedList, made_again, released_list
from recs.explain.replay import Replay
from recs.lake import Lake
from recs.pairs import rows_of
from recs.pools import Purpose
from recs.ranking.ranked import proposer_entity, ranked_best
from recs.releases.manifest import Manifest, PinnedSurface
from recs.surfaces.candidates import RANKING
from recs.surfaces.spec import SurfaceSpec

_NOTHING_DUE = pl.DataFrame(schema={"user_code": pl.Int32, "item_code": pl.Int32})  # words reasons, ranks nothing


def explanation(settings: Settings, *, surface: str, item: str, user: str = "", page: str = "") -> dict[str, Any]:
    """Everything about one item of one list. ``page``: the product whose list it is, on surfaces keyed by product.

    ``user`` is the shop's id, as is every id that is told; the lake is asked for the internal one.
    AisleError for an unknown surface, shopper, product or item, without a release, and where what the lake holds now
    does not lead to what was released.
    """
    lake, given, user = Lake(settings.lake), user, settings.identity.inside_one(user)
    active, manifest = _release(settings)
    pinned = _pinned(lake, manifest, surface)
    asked = _asked(lake, manifest.as_of, pinned.spec, user=user, given=given, page=page)
    about, row = asked.item(item), asked.row_of(item)
    chain = lineage(lake, pinned.table, asked.day)
    changed = [f"{one['input']} (read for {one['child']})" for one in chain["changed"]]
    again = made_again(asked, about["item_code"], changed=changed)
    shown = standing(asked, about, row, again) if row else None
    candidate = _candidate(settings, asked, about, shown, changed) if asked.ranking else None
    facts = facts_of(asked, about, shown, candidate, user)
    return {
        "surface": surface,
        "user_id": given or None,
        "page_item_id": page or None,
        "item": {name: about[name] for name in ("item_id", "title", "category_l2", "is_recommendable")},
        "release": {"id": manifest.id, "as_of_date": asked.day, "promoted_at": active["promoted_at"]},
        "list": {"source": asked.key["source"], "key": _told_key(asked, given), "items": asked.rows.height},
        "shown": shown,
        "because": words.because(shown["reason"]["code"], facts) if shown else None,
        "lost": None if shown else _lost(asked, about, again, candidate, facts),
        "fates": [fate._asdict() for fate in again.fates],
        "candidate": candidate,
        "model": _model(lake, asked.day, asked.ranking, chain) if asked.ranking else None,
        "lineage": {"release": manifest.id, "release_code_version": manifest.content.code_version, **chain},
        "sources": source_lines(lake, settings.landing, facts),
    }


def _asked(lake: Lake, day: date, spec: SurfaceSpec, *, user: str, given: str, page: str) -> ReleasedList:
    """``released_list``, which names in its errors what was given."""
    try:
        return released_list(lake, day, spec, user=user, page=page)
    except AisleError as error:
        if not user or user == given:
            raise
        raise type(error)(*(str(part).replace(user, given) for part in error.args)) from None


def _told_key(asked: ReleasedList, given: str) -> str:
    return given if asked.key["source"] == "user" else str(asked.key["key"])


def _release(settings: Settings) -> tuple[Mapping[str, Any], Manifest]:
    catalogue = open_releases(settings).catalogue
    active = catalogue.status()["active_release"]
    if active is None:
        raise AisleError("no release is in force, so nothing is shown", "make one: aisle run daily --partition DAY")
    return active, catalogue.manifest(active["id"])


def _pinned(lake: Lake, manifest: Manifest, surface: str) -> PinnedSurface:
    """The surface as the release pins it, which must be what the lake holds."""
    pinned = manifest.surface(surface)
    if pinned is None:
        known = ", ".join(one.name for one in manifest.content.surfaces)
        raise ConfigError(f"release {manifest.id} has no surface {surface!r}", f"choose from {known}")
    info = lake.info(pinned.table, manifest.as_of)
    if info is None or info.content_hash != pinned.content_hash:
        what = "is gone from the lake" if info is None else "was made again with other rows"
        raise LakeError(
            f"{pinned.table} of {manifest.as_of} {what} since release {manifest.id} was sealed",
            f"publish what the lake leads to now: aisle run daily --partition {manifest.as_of}",
        )
    return pinned


def _candidate(
    settings: Settings,
    asked: ReleasedList,
    about: Mapping[str, Any],
    shown: Mapping[str, Any] | None,
    changed: Sequence[str],
) -> dict[str, Any]:
    """The item in the shopper's pool: what the channels and the ranker say of it; or how far it came on its way in."""
    assert asked.ranking is not None
    purpose, code, user = asked.ranking, about["item_code"], asked.key["user_code"]
    spec = purpose_specs(settings)[purpose]
    names = sorted({*spec.channels, *(channel.name for channel in asked.spec.channels)})
    tables = {name: asked.lake.read(f"channels/{name}", asked.day) for name in names}
    pool = _pool(settings, asked, purpose)
    found: dict[str, Any] = {"purpose": purpose, "size": pool.height, "listed_at": listed_at(tables, user, code)}
    mine = pool.filter(pl.col("item_code") == code)
    if mine.is_empty():
        owned = rows_of(asked.bought(), "user_code", "item_code", None, asked.dim_user.height)
        return found | {"in_pool": False, **way_in(purpose, spec, tables, owned, user_code=user, item_code=code)}
    scoring = read_scoring(asked.lake, purpose, asked.day, load_manifest().feature_tables(), settings.threads)
    scores = scoring.scores(pool)
    entities = {name: proposer_entity(tables[name]) for name in spec.channels}
    order = ranked_best(pool, scores, top_k=pool.height, entities=entities, due=_NOTHING_DUE)
    place = order.filter(pl.col("item_code") == code).to_dicts()[0]
    because_of = asked.item_of(place["reason_item_code"])
    found |= {
        "in_pool": True,
        "rank": place["rank"],
        "pool_rank": mine["pool_rank"].item(),
        "kept": TOP_K,
        "channel": place["channel"],
        "entity": place["entity"],
        "reason_item_id": because_of["item_id"] if because_of else None,
        "channels": channel_words(mine.to_dicts()[0]),
    }
    kept = _kept_score(asked, purpose, code, shown)
    if kept is None and place["rank"] <= TOP_K:
        raise LakeError(
            f"rankings/{purpose} of {asked.day} does not hold what its pool leads to now",
            f"make it again: aisle run daily --partition {asked.day}",
        )
    score = float(scores[pool["item_code"].to_numpy() == code][0])
    if not scoring.is_trained:
        checked = checked_score(score, score, kept, changed=changed, day=str(asked.day))
        return found | {"trained": False, "score": checked, "released_score": kept}
    features, parts = scoring.contributions(mine)
    told = score_parts(features, scoring.rows(mine)[0], parts[0])
    checked = checked_score(told["sum"], score, kept, changed=changed, day=str(asked.day))
    return found | {"trained": True, "score": checked, "released_score": kept, **told}


def _pool(settings: Settings, asked: ReleasedList, purpose: Purpose) -> pl.DataFrame:
    """The shopper's whole pool: as it was kept, or made now for a shopper outside the sample."""
    user = asked.key["user_code"]
    kept = asked.lake.read(f"pools/{purpose}", asked.day).drop("as_of_date").filter(pl.col("user_code") == user)
    if kept.height:
        return kept
    return PoolMaker(settings, asked.lake, asked.day).pool(purpose, np.array([user], np.int32))


def _kept_score(asked: ReleasedList, purpose: Purpose, item_code: int, shown: Mapping[str, Any] | None) -> float | None:
    """The score that the list shows, else the one that the ranking keeps."""
    if shown and shown["filled_by"] == RANKING:
        return float(shown["score"])
    rows = asked.lake.read(f"rankings/{purpose}", asked.day)
    mine = rows.filter((pl.col("user_code") == asked.key["user_code"]) & (pl.col("item_code") == item_code))
    return float(mine["score"][0]) if mine.height else None


def _lost(
    asked: ReleasedList,
    about: Mapping[str, Any],
    again: Replay,
    candidate: Mapping[str, Any] | None,
    facts: Mapping[str, Any],
) -> dict[str, str]:
    places = dict(again.filled.select("item_code", "position").iter_rows())

    def title_of(code: int) -> str:
        item = asked.item_of(code) or {}
        where = f" at position {places[code]}" if code in places else ""
        return f"{item.get('title')} ({item.get('item_id')}){where}"

    catalogue = facts["catalogue"]["lines"]
    outside = candidate is not None and not candidate["in_pool"]
    inside = candidate if candidate is not None and candidate["in_pool"] else {}
    return words.lost(
        asked.spec,
        again.fates,
        item={"is_recommendable": about["is_recommendable"], "catalogue": catalogue[0] if catalogue else None},
        title_of=title_of,
        way_in=candidate if outside else None,
        rank=inside.get("rank"),
        size=inside.get("size"),
        best=TOP_K,
    )


def _model(lake: Lake, day: date, purpose: Purpose, chain: Mapping[str, Any]) -> dict[str, Any]:
    """The day's ranker: its partition, its card, and what it was trained on."""
    node = chain["nodes"][f"{RANKER}@{day}"]
    card = json.loads((lake.folder(RANKER, day) / CARD).read_bytes())[purpose]
    told = ("trained", "why", "fix", "trees", "weeks", "stopped_on", "judged_on", "judged", "settings", "tables")
    past = [
        {"partition": one["name"], "content_hash": one["recorded"], "changed": one["changed"]}
        for one in node["inputs"]
        if one["is_past"]
    ]
    return {
        "table": RANKER,
        "day": day,
        "content_hash": node["content_hash"],
        "code_version": node["code_version"],
        "run_id": node["run_id"],
        "purpose": purpose,
        "card": {name: card[name] for name in told if name in card},
        "trained_on": {"count": len(past), "partitions": past},
    }
