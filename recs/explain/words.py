"""The sentences of an explanation: where an item got lost, and why a reason is true. Facts in, words out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from recs.explain.replay import Fate
from recs.policies import reasons
from recs.surfaces.candidates import RANKING
from recs.surfaces.spec import SurfaceSpec

Titles = Callable[[int], str]  # an item code in words


def lost(
    spec: SurfaceSpec,
    fates: Sequence[Fate],
    *,
    item: Mapping[str, Any],
    title_of: Titles,
    way_in: Mapping[str, Any] | None = None,
    rank: int | None = None,
    size: int | None = None,
    best: int = 0,
) -> dict[str, str]:
    """``stage`` (catalogue, pool, ranking, channels, policy), ``rule`` and ``text`` of an item that is not in a list.

    item: is_recommendable and its catalogue row. way_in: of ``recs.explain.pool``, for an item that is in no pool of a
    ranked surface. rank, size: its place in the pool and the pool's size; ``best`` of a pool are ranked.
    """
    if not item["is_recommendable"]:
        return _lost("catalogue", "not_recommendable", f"may not be recommended: {_unfit(item.get('catalogue'))}")
    if way_in is not None:
        return _not_in_pool(spec, way_in)
    if rank is not None and rank > best:
        return _lost(
            "ranking", "ranked_too_low", f"ranked {rank} of {size} in the shopper's pool; the best {best} are kept"
        )
    if not fates:
        named = ", ".join(channel.name for channel in spec.channels)
        return _lost("channels", "not_proposed", f"none of the surface's channels ({named}) proposes it for this list")
    first = fates[0]
    place = f"ranked {rank} of {size} in the shopper's pool" if first.filler == RANKING else _proposed(first)
    return _lost("policy", first.rule or "", f"{place}, and left out because {_rule(spec, first, title_of)}")


def because(code: str, facts: Mapping[str, Any]) -> str:
    """Why a reason is true of this item and list. ``facts``: what the gatherer knows; what it lacks is left unsaid."""
    listed = _place_of(facts)
    if code == reasons.BECAUSE_YOU_BOUGHT:
        return f"the shopper bought {facts['reason_title']} {_times(facts['reason_events'])}; {_baskets(facts)}"
    if code == reasons.OFTEN_BOUGHT_TOGETHER:
        return _baskets(facts)
    if code in (reasons.BOUGHT_BEFORE, reasons.TIME_TO_RESTOCK):
        due = (
            ", and that is as long ago as the usual time between two purchases"
            if code == reasons.TIME_TO_RESTOCK
            else ""
        )
        return f"the shopper bought it {_times(facts['own_events'])}{due}"
    if code == reasons.SHOPPERS_LIKE_YOU:
        return f"{listed}, by factors learned from what everyone bought"
    if code == reasons.FEATURED:
        plans = facts["promotions"]["total"]
        return f"{listed}; {plans} planned promotions of it were known for the week after the as-of day"
    return listed


def _lost(stage: str, rule: str, text: str) -> dict[str, str]:
    return {"stage": stage, "rule": rule, "text": text}


def _unfit(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "the catalogue has no row of it"
    why = row["blocked_reason"] or "no reason given"
    flags = {
        f"blocked ({why})": row["is_blocked"],
        "not available": row["is_available"] is False,
        "for adults only": row["is_adult"],
        "without a title": not (row["title"] or "").strip(),
    }
    return ", ".join(flag for flag, holds in flags.items() if holds) or "its catalogue row has changed since"


def _not_in_pool(spec: SurfaceSpec, way_in: Mapping[str, Any]) -> dict[str, str]:
    if spec.ranking == "discover" and way_in["owned"]:
        return _lost("pool", "owned", "the shopper has bought it, and this surface shows only what is new to them")
    if spec.ranking == "repeat" and not way_in["owned"]:
        return _lost("pool", "not_owned", "the shopper has never bought it, and this surface shows only what they have")
    places = {one["channel"]: one["place"] for one in way_in["proposals"] if one["place"] is not None}
    if not places:
        asked = ", ".join(one["channel"] for one in way_in["proposals"])
        return _lost("pool", "not_proposed", f"no channel proposed it to the shopper (asked: {asked})")
    said = ", ".join(f"{name} at place {place}" for name, place in places.items())
    if way_in["fused_at"] is None:
        return _lost("pool", "proposed_too_low", f"listed by {said}; a channel proposes its first {way_in['depth']}")
    held = f"the pool holds {way_in['size']}, and it came at place {way_in['fused_at']}"
    return _lost("pool", "pool_full", f"proposed by {said}; {held}")


def _proposed(fate: Fate) -> str:
    return f"proposed by {fate.filler} at place {fate.rank}"


def _rule(spec: SurfaceSpec, fate: Fate, title_of: Titles) -> str:
    by = "; ".join(title_of(code) for code in fate.by)
    told = {
        "page": "it is the page's own product, or reads like it",
        "category": f"the surface shows only items of {_OF[spec.rules.category]} category",
        "echo": f"it reads like its own reason, {by}",
        "bought": f"the surface's rule on what the shopper has bought is '{spec.rules.already_bought}'",
        "title": f"it reads the same as {by}",
        "cap": f"its category has its {spec.rules.max_per_category} places: {by}",
        "slots": f"the list's {spec.slots} places went to better ones",
    }
    return told.get(fate.rule or "", "the list holds it")


_OF = {"same": "the page's product's", "other": "another", "any": "any"}


def _times(events: Mapping[str, Any]) -> str:
    days = [line["event_at"] for line in events["lines"] if line["action"] == "purchase"]
    when = f"{days[0]:%Y-%m-%d}" if days else "days before its latest events"
    return f"once, on {when}" if events["purchases"] == 1 else f"{events['purchases']} times, last on {when}"


def _baskets(facts: Mapping[str, Any]) -> str:
    baskets = facts.get("baskets")
    return (
        f"{baskets} baskets of the last 364 days held both" if baskets else "no basket of the last 364 days held both"
    )


def _place_of(facts: Mapping[str, Any]) -> str:
    whom = {
        "user": "for this shopper",
        "region": "in the shopper's store",
        "all": "for everyone",
        "category": "in its category",
        "item": "for the page's product",
    }
    return f"{facts['channel']} has it at place {facts['listed_at']} {whom[facts['entity']]}"
