"""Readable names and titles from a grocer's labels: department, category, type, package size, brand tier."""

import re

_PACKS = {"CT": "ct", "OZ": "oz", "LB": "lb", "ML": "ml", "LT": "l", "LTR": "l", "GAL": "gal", "PK": "pack", "IN": "in"}
_SPELLED = {
    "FRZN": "frozen",
    "REFRGRATD": "refrigerated",
    "REFRIG": "refrigerated",
    "CHIX": "chicken",
    "VEG": "vegetable",
    "CHOC": "chocolate",
    "CHOCOCLATE": "chocolate",
    "MISC": "miscellaneous",
    "PREM": "premium",
    "BTL": "bottle",
    "JCE": "juice",
    "CND": "canned",
    "SFT": "soft",
    "DRNK": "drink",
    "DRNKS": "drinks",
    "MLT": "multi",
    "LIQ": "liquid",
    "HH": "household",
    "SS": "single-serve",
    "DNRS": "dinners",
    "PPK": "prepacked",
    "PRSLC": "presliced",
    "PRESLCD": "presliced",
}
_STORE_BRAND = "Private"


def readable_name(label: str | None) -> str | None:
    """A label of the catalogue in words, such as ``Frozen Pizza`` for ``FRZN PIZZA``; None where there is none."""
    return _words(label or "") or None


def readable_title(product_type: str | None, package_size: str | None, brand: str | None) -> str | None:
    """Such as ``Apple Sauce, 50 oz (store brand)``; None where the product has no type."""
    words = _words(product_type or "")
    if not words:
        return None
    size = _size(package_size or "")
    return words + (f", {size}" if size else "") + (" (store brand)" if brand == _STORE_BRAND else "")


def _words(product_type: str) -> str:
    # notes in brackets are cut off by the source in mid-word, as in "YOGURT (NOT MULTI-PA"
    text = re.sub(r"\([^)]*\)?", " ", product_type)
    spaced = re.sub(r"\s*:\s*", ": ", text).replace("*", " ")
    return re.sub(r"[A-Z0-9&']+", lambda match: _word(match[0]), " ".join(spaced.split())).strip(" -/&:,.")


def _word(word: str) -> str:
    spelled = _SPELLED.get(word, word.lower())
    return spelled[:1].upper() + spelled[1:]


def _size(package_size: str) -> str:
    return " ".join(_PACKS.get(part, part.lower()) for part in package_size.split())
