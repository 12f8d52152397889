"""The offline report as one HTML page that needs nothing else: no script, font, picture or address from outside."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from recs.evaluation.charts import bar_chart, line_chart

ROLES = {"surfaces": "surface", "channels": "channel", "baselines": "baseline"}
KINDS = {"all": "Everything bought", "new": "New to the shopper"}
HEADLINE = "ndcg@10"
SHOWN_FEATURES = 20
BETTER_WHEN_LARGER = {"recall", "ndcg", "map", "hit_rate", "precision"}
MEANINGS = {
    "users": "shoppers who bought something relevant; every mean is over them, and without a list they count 0",
    "recall": "share of what the shopper bought that is in the top k",
    "ndcg": "the same, a hit at rank r counting 1 / log2(r + 1), against the best possible order",
    "map": "mean of the precision at each hit, over min(k, bought)",
    "hit_rate": "share of shoppers with at least one hit in the top k",
    "precision": "share of the top k that was bought",
    "coverage": "share of the catalogue that somebody is shown",
    "novelty": "how unpopular the shown items are, in bits: one more is half as popular",
    "gini": "0 when every item is shown equally often, near 1 when a few take all places",
}


def render_report(document: Mapping[str, Any]) -> str:
    """HTML of one evaluation document (``aisle evaluate --json``); what the document lacks is left out.

    Read are as_of_date, horizon_days; surfaces, channels, baselines: {method: {all, new: metrics}};
    intervals: {surface: {kind: {measure: {mean, lower, upper}}}}, nested otherwise they are a table only;
    policies: {surface: {before, after: {all, new: metrics}}}; pools: {pool: {"recall": {size: share}}};
    model_cards: {purpose: {"importances": [{feature, gain}], "metrics": numbers}};
    samples: [{user_id, surface, rows: [{position, title, category, reason, score, channel, bought}]}].
    All text is escaped.
    """
    pools, cards = _pools(document.get("pools") or {}), document.get("model_cards") or {}
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            as_of=document.get("as_of_date", ""),
            horizon_days=document.get("horizon_days"),
            headline=HEADLINE,
            leads=_leads(document),
            kinds=[_kind(document, kind, title) for kind, title in KINDS.items() if _methods(document, kind)],
            intervals=list(_intervals(document.get("intervals") or {})),
            policies=list(_policies(document.get("policies") or {})),
            pools=pools,
            pool_chart=line_chart({name: {float(n): y for n, y in recall.items()} for name, recall in pools.items()}),
            cards=[_card(purpose, card) for purpose, card in cards.items()],
            samples=[_sample(sample) for sample in document.get("samples") or []],
            meanings=MEANINGS,
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = figure
    return environment


def figure(value: Any, name: str = "") -> str:
    """A number as the page shows it: counts whole, bits with two digits, shares with four; nothing as a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.2f}" if name.startswith("novelty") or abs(value) >= 100 else f"{value:.4f}"


def _methods(document: Mapping[str, Any], kind: str) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Role, method, metrics of every method judged on ``kind``."""
    return [
        (role, method, by_kind[kind])
        for section, role in ROLES.items()
        for method, by_kind in (document.get(section) or {}).items()
        if by_kind.get(kind)
    ]


def _kind(document: Mapping[str, Any], kind: str, title: str) -> dict[str, Any]:
    """Chart and table of one kind."""
    methods, intervals = _methods(document, kind), document.get("intervals") or {}
    rows = []
    for role, method, metrics in methods:
        value = metrics.get(HEADLINE) or 0.0
        around = _nested(intervals, method, kind, HEADLINE) if role == "surface" else None
        own = (
            around and abs(around.get("mean", value) - value) < 1e-9
        )  # an interval of several weeks is not of this bar
        rows.append((method, role, value, (around["lower"], around["upper"]) if around and own else None))
    columns = list(dict.fromkeys(name for _, _, metrics in methods for name in metrics))
    measures = [name for name in columns if name.partition("@")[0] in BETTER_WHEN_LARGER]
    best = {name: max(metrics.get(name) or 0 for _, _, metrics in methods) or None for name in measures}
    return {
        "kind": kind,
        "title": title,
        "chart": bar_chart(rows),
        "methods": methods,
        "columns": columns,
        "best": best,
    }


def _leads(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each surface in one line a kind: its headline figure, and how many times that of the best baseline."""
    leads = []
    for surface, by_kind in (document.get("surfaces") or {}).items():
        for kind in (kind for kind in KINDS if by_kind.get(kind)):
            value = by_kind[kind].get(HEADLINE) or 0.0
            rivals = [
                (m.get(HEADLINE) or 0.0, name) for role, name, m in _methods(document, kind) if role == "baseline"
            ]
            rival, name = max(rivals, default=(0.0, ""))
            times = value / rival if rival else None
            leads.append({"surface": surface, "kind": KINDS[kind], "value": value, "baseline": name, "times": times})
    return leads


def _nested(tree: Mapping[str, Any], *path: str) -> Mapping[str, Any] | None:
    found: Any = tree
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None


def _intervals(tree: Mapping[str, Any], path: Sequence[str] = ()) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Every leaf with a lower and an upper end, under the names that lead to it."""
    if {"lower", "upper"} <= set(tree):
        yield ", ".join(path), tree
        return
    for name, branch in tree.items():
        if isinstance(branch, Mapping):
            yield from _intervals(branch, [*path, str(name)])


def _policies(policies: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Before and after of each surface, kind and measure that both have."""
    for surface, stages in policies.items():
        for kind, title in KINDS.items():
            before, after = (_nested(stages, stage, kind) or {} for stage in ("before", "after"))
            rows = [(name, before[name], after[name]) for name in before if name in after and name != "users"]
            if rows:
                yield {"surface": surface, "kind": title, "rows": rows}


def _pools(pools: Mapping[str, Any]) -> dict[str, Mapping[str, float]]:
    """Recall by size of each pool; the plain "recall" repeats one of them and shows only when it is alone."""
    named = {name: pool["recall"] for name, pool in pools.items() if name != "recall" and pool.get("recall")}
    named = named or ({"candidates": pools["recall"]} if pools.get("recall") else {})
    return {name: {f"{float(size):g}": share for size, share in recall.items()} for name, recall in named.items()}


def _card(purpose: str, card: Mapping[str, Any]) -> dict[str, Any]:
    gains = [(row["feature"], float(row["gain"])) for row in card.get("importances") or []]
    total = sum(gain for _, gain in gains) or 1.0
    shares = sorted(((gain / total, name) for name, gain in gains), reverse=True)[:SHOWN_FEATURES]
    metrics = list(_numbers(card.get("metrics") or {}))
    chart = bar_chart([(name, "feature", share, None) for share, name in shares])
    return {"purpose": purpose, "chart": chart, "features": len(gains), "shown": len(shares), "metrics": metrics}


def _numbers(tree: Mapping[str, Any], path: Sequence[str] = ()) -> Iterator[tuple[str, float]]:
    """Every number of a tree under the names that lead to it."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, [*path, str(name)])
        elif isinstance(value, int | float):
            yield " ".join([*path, str(name)]), value


def _sample(sample: Mapping[str, Any]) -> dict[str, Any]:
    lines = sample.get("rows") or []
    return {**sample, "lines": lines, "hits": sum(bool(row.get("bought")) for row in lines)}
