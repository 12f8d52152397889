"""The closed list of reasons, their sentences, and which is true of what. Standard library only: serving imports it."""

from collections.abc import Mapping
from types import MappingProxyType

BECAUSE_YOU_BOUGHT = "because_you_bought"
OFTEN_BOUGHT_TOGETHER = "often_bought_together"
TIME_TO_RESTOCK = "time_to_restock"
BOUGHT_BEFORE = "bought_before"
POPULAR_IN_CATEGORY = "popular_in_category"
POPULAR_IN_REGION = "popular_in_region"
POPULAR = "popular"
TRENDING_IN_REGION = "trending_in_region"
TRENDING = "trending"
SHOPPERS_LIKE_YOU = "shoppers_like_you"
FEATURED = "featured"

# {item}: title of the reason item; {category}: category_l2 of the item shown
TEMPLATES: Mapping[str, str] = MappingProxyType(
    {
        BECAUSE_YOU_BOUGHT: "Because you bought {item}",
        OFTEN_BOUGHT_TOGETHER: "Often bought together",
        TIME_TO_RESTOCK: "Time to restock",
        BOUGHT_BEFORE: "You have bought this before",
        POPULAR_IN_CATEGORY: "Popular in {category}",
        POPULAR_IN_REGION: "Popular in your store",
        POPULAR: "Popular right now",
        TRENDING_IN_REGION: "Trending in your store",
        TRENDING: "Trending now",
        SHOPPERS_LIKE_YOU: "Bought by shoppers like you",
        FEATURED: "Featured this week",
    }
)

# what a sentence falls back to when the name it would hold is not known; each stays true
PLAIN: Mapping[str, str] = MappingProxyType(
    {BECAUSE_YOU_BOUGHT: "Because of what you bought", POPULAR_IN_CATEGORY: TEMPLATES[POPULAR]}
)

REASONS: tuple[str, ...] = tuple(TEMPLATES)

# the reason that is true of every candidate a channel proposes for an entity; a new channel adds its lines here
REASON_OF: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("co_buy", "user"): BECAUSE_YOU_BOUGHT,
        ("co_buy", "item"): OFTEN_BOUGHT_TOGETHER,
        ("buy_again", "user"): BOUGHT_BEFORE,
        ("ials", "user"): SHOPPERS_LIKE_YOU,
        ("promotions", "all"): FEATURED,
        ("popular", "all"): POPULAR,
        ("popular", "region"): POPULAR_IN_REGION,
        ("popular", "category"): POPULAR_IN_CATEGORY,
        ("trending", "all"): TRENDING,
        ("trending", "region"): TRENDING_IN_REGION,
    }
)
WHEN_DUE: Mapping[str, str] = MappingProxyType({BOUGHT_BEFORE: TIME_TO_RESTOCK})


def sentence(code: str, *, item: str | None = None, category: str | None = None) -> str:
    """The sentence of a reason code. item: title of the reason item; category: category of the item shown.

    KeyError when the code is not in ``REASONS``.
    """
    template = TEMPLATES[code]
    if ("{item}" in template and not item) or ("{category}" in template and not category):
        return PLAIN[code]
    # replace, not format: a title may hold braces
    return template.replace("{item}", item or "").replace("{category}", category or "")
