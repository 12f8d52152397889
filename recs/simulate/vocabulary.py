"""The words of a simulated shop: departments and what they sell, styles, brands, regions, devices."""

# department -> (nouns, price level in units of currency, used up and bought again, chance that a unit comes back)
DEPARTMENTS: dict[str, tuple[tuple[str, ...], float, bool, float]] = {
    "Coffee and tea": (
        ("espresso beans", "filter coffee", "green tea", "black tea", "herbal tea", "cocoa"),
        8,
        True,
        0.01,
    ),
    "Pantry": (("olive oil", "pasta", "rice", "honey", "flour", "spices"), 5, True, 0.01),
    "Snacks": (("crisps", "nuts", "chocolate", "biscuits", "dried fruit", "popcorn"), 3, True, 0.01),
    "Drinks": (("orange juice", "lemonade", "mineral water", "iced tea", "cola", "syrup"), 4, True, 0.01),
    "Household": (("washing powder", "dish soap", "paper towels", "candles", "bin bags", "sponges"), 7, True, 0.02),
    "Beauty": (("shampoo", "face cream", "soap", "perfume", "lip balm", "sun cream"), 14, True, 0.05),
    "Baby": (("nappies", "baby food", "wipes", "bottles", "bibs", "baby blankets"), 15, True, 0.04),
    "Pets": (("dog food", "cat food", "cat litter", "dog leads", "bird seed", "pet beds"), 12, True, 0.03),
    "Kitchen": (("frying pans", "knives", "mugs", "kettles", "bowls", "cutting boards"), 30, False, 0.08),
    "Home": (("cushions", "lamps", "rugs", "curtains", "picture frames", "storage boxes"), 35, False, 0.12),
    "Garden": (("plant pots", "seeds", "garden hoses", "bird houses", "gloves", "lanterns"), 18, False, 0.06),
    "Electronics": (("headphones", "keyboards", "chargers", "speakers", "webcams", "cables"), 60, False, 0.11),
    "Toys": (("puzzles", "board games", "building blocks", "dolls", "toy cars", "soft toys"), 22, False, 0.06),
    "Books": (("novels", "cookbooks", "travel guides", "picture books", "comics", "biographies"), 16, False, 0.03),
    "Sports": (("yoga mats", "water bottles", "running socks", "dumbbells", "rucksacks", "footballs"), 28, False, 0.1),
    "Fashion": (("t-shirts", "jumpers", "jeans", "scarves", "trainers", "jackets"), 45, False, 0.22),
}
STYLES = ("classic", "modern", "organic", "budget", "premium", "playful")
SYLLABLES = ("al", "bar", "cor", "den", "el", "fin", "gar", "hol", "ir", "jun", "kel", "lor", "mar", "nor", "os", "pel")
REGIONS = ("north", "south", "east", "west", "coast", "capital")
REGION_SHARES = (0.22, 0.2, 0.16, 0.14, 0.1, 0.18)
DEVICES = ("mobile", "desktop", "tablet", "app")
DEVICE_SHARES = (0.48, 0.27, 0.07, 0.18)
CURRENCY = "EUR"


def brand_names(count: int) -> list[str]:
    """``count`` names made of two or three syllables, all different."""
    n = len(SYLLABLES)
    names = []
    for code in range(count):
        first, second, rest = code % n, (code // n + 5 * code) % n, code // (n * n)
        name = SYLLABLES[first] + SYLLABLES[second]
        names.append((name + (f" {rest + 1}" if rest else "")).capitalize())
    return names
