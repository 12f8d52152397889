"""A realistic evaluation document, with names that would break a page that does not escape."""

from typing import Any

KS = (10, 20)
METHODS = {  # section: {method: NDCG@10 of everything, of what is new}
    "surfaces": {"home": (0.1142, 0.0335), "buy_again": (0.2930, 0.0191)},
    "channels": {
        "popular": (0.1067, 0.0190),
        "trending": (0.0912, 0.0174),
        "promotions": (0.1051, 0.0213),
        "co_buy": (0.1503, 0.0182),
        "ials": (0.0990, 0.0204),
        "ease": (0.2682, 0.0224),
        "buy_again": (0.2745, 0.0190),
    },
    "baselines": {"popularity": (0.1069, 0.0188), "personal_frequency": (0.2740, 0.0188)},
}
TITLES = [
    "Bananas",
    'Milk <b>2%</b> "family" & co',
    "<script>alert(1)</script> crisps",
    "Strawberries 1 lb",
    "Yoghurt, plain",
    "Shredded cheddar",
    "White bread",
    "Eggs, large, 12",
    "Ground beef 80/20, a very long name that has to wrap somewhere",
    "Tortilla chips",
]


def metrics(ndcg: float, users: int = 1874) -> dict[str, float]:
    """All metrics of a method, in proportion to its NDCG@10."""
    of = {"recall": 0.55, "ndcg": 1.0, "map": 0.55, "hit_rate": 2.2, "precision": 0.8}
    values = {f"{name}@{k}": round(ndcg * times * (k / 10) ** 0.3, 6) for name, times in of.items() for k in KS}
    return {"users": users, **values, "coverage@20": 0.0641, "novelty@20": 9.312, "gini@20": 0.9712}


def document() -> dict[str, Any]:
    """The document with every optional part."""
    sections = {
        section: {name: {"all": metrics(of_all), "new": metrics(of_new, 1721)} for name, (of_all, of_new) in by.items()}
        for section, by in METHODS.items()
    }
    return {
        "as_of_date": "2017-11-26",
        "horizon_days": 7,
        **sections,
        "intervals": {
            "home": {"new": {"ndcg@10": {"mean": 0.0335, "lower": 0.0302, "upper": 0.0361}}},
            "buy_again": {"all": {"ndcg@10": {"mean": 0.2930, "lower": 0.2851, "upper": 0.3004}}},
            "home minus popularity": {"new": {"ndcg@10": {"mean": 0.0145, "lower": 0.0117, "upper": 0.0172}}},
        },
        "policies": {
            "home": {
                "before": {"all": metrics(0.1180), "new": metrics(0.0342)},
                "after": {"all": metrics(0.1142), "new": metrics(0.0335)},
            },
            "buy_again": {"before": {"all": metrics(0.2941)}, "after": {"all": metrics(0.2930)}},
        },
        "pools": {
            "discover": {"recall": {"50": 0.052, "100": 0.083, "150": 0.104, "200": 0.126}},
            "repeat": {"recall": {"50": 0.291, "100": 0.352, "150": 0.374, "200": 0.388}},
            "recall": {"50": 0.052, "100": 0.083, "150": 0.104, "200": 0.126},
        },
        "model_cards": {
            purpose: {
                "importances": [
                    {"feature": f"{name}_{n}d", "gain": 900 / (n + at)}
                    for at, name in enumerate(names, 1)
                    for n in (7, 28)
                ],
                "metrics": {"validation": {"ndcg@20": 0.0412, "recall@20": 0.0377}, "trees": 211},
            }
            for purpose, names in {
                "discover": ("promo_display_share", "category_affinity", "price_ratio", "first_time_buyers", "trend"),
                "repeat": ("own_frequency", "days_since", "gap_ratio", "neighbour_score", "basket_share"),
            }.items()
        },
        "samples": [sample("1031", "home"), sample("<i>7</i>", "buy_again")],
    }


def sample(user: str, surface: str) -> dict[str, Any]:
    rows = [
        {
            "position": n,
            "title": title,
            "category": "DAIRY" if n % 3 else None,
            "reason": "You bought it 6 times" if surface == "buy_again" else "Often bought with Bananas & more",
            "score": 0.9 / n,
            "channel": "ease" if n % 2 else "promotions",
            "bought": n in (2, 5),
        }
        for n, title in enumerate(TITLES, 1)
    ]
    return {"user_id": user, "surface": surface, "rows": rows}
