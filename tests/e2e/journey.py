"""A small grocer in the shape of the Complete Journey package: 40 households, 92 products, 3 stores, 70 days."""

import random
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

HOUSEHOLDS, PRODUCTS, STORES, DAYS = 40, 90, 3, 70
FIRST_DAY, AS_OF = "2017-01-01", "2017-03-05"
FUEL, NAMELESS, UNKNOWN = 990001, 990002, 999999
DEPARTMENTS = [
    ("GROCERY", "SOFT DRINKS", "SFT DRNK 2 LITER"),
    ("PRODUCE", "APPLES", "APPLES GALA"),
    ("DELI", "CHEESES", "CHEESE:SPECIALTY"),
]
DEPARTMENTS += [
    ("GROCERY", "COOKIES", "SANDWICH COOKIES"),
    ("MEAT", "BEEF", "PRIMAL"),
    ("DRUG GM", "CANDY", "CANDY BARS"),
]


def write_journey(folder: Path, *, days: int = DAYS, seed: int = 7) -> Path:
    """Write the package's eight Parquet files; a longer journey begins with the same days."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "products": _products(),
        "transactions": _transactions(days, seed),
        "promotions": _promotions(),
        "demographics": _demographics(),
        **_campaigns(),
    }
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet")
    return folder


def _products() -> pl.DataFrame:
    rows = []
    for n in range(PRODUCTS):
        department, category, kind = DEPARTMENTS[n % len(DEPARTMENTS)]
        brand = "Private" if n % 3 == 0 else "National"
        rows.append((1000 + n, n % 7, department, brand, category, f"{kind} {n // 12}", f"{8 + n % 5} OZ"))
    rows.append((FUEL, 1, "FUEL", "National", "FUEL", "GASOLINE", None))
    rows.append((NAMELESS, 1, "MISCELLANEOUS", "National", None, None, None))
    names = ["product_id", "manufacturer_id", "department", "brand", "product_category", "product_type", "package_size"]
    return pl.DataFrame(rows, schema=names, orient="row")


def _transactions(days: int, seed: int) -> pl.DataFrame:
    rows, start = [], datetime(2017, 1, 1, 9)
    for day in range(days):
        chance = random.Random(seed * 1000 + day)
        for household in range(1, HOUSEHOLDS + 1):
            if chance.random() > 0.4:
                continue
            store, basket = 300 + household % STORES, 31_000_000_000 + day * 1000 + household
            at = start + timedelta(days=day, minutes=chance.randrange(600))
            favourites = [1000 + (household * 5 + n) % PRODUCTS for n in range(6)]
            bought = {
                *chance.sample(favourites, 3),
                *(1000 + min(int(chance.expovariate(0.08)), PRODUCTS - 1) for _ in range(5)),
            }
            for product in sorted(bought | ({FUEL} if chance.random() < 0.1 else set())):
                quantity = chance.choice([1, 1, 1, 2, 3])
                rows.append(
                    (household, store, basket, product, quantity, round(quantity * (1 + product % 9 * 0.5), 2), day, at)
                )
            if day == 3 and household < 9:  # lines that the contract has something to say about
                rows.append(
                    (
                        household,
                        store,
                        basket,
                        1001 if household % 2 else UNKNOWN,
                        0,
                        0.0,
                        day,
                        at + timedelta(seconds=1),
                    )
                )
                rows.append((household, store, basket + 500, UNKNOWN, 1, 2.5, day, at))
    rows = list({(row[2], row[3]): row for row in rows}.values())
    columns = [
        "household_id",
        "store_id",
        "basket_id",
        "product_id",
        "quantity",
        "sales_value",
        "day",
        "transaction_timestamp",
    ]
    frame = pl.DataFrame(rows, schema=columns, orient="row").sort("transaction_timestamp", "basket_id", "product_id")
    zero = pl.lit(0.0)
    week = ((pl.col("day") + 6) // 7 + 1).cast(pl.Int64)
    return frame.with_columns(retail_disc=zero, coupon_disc=zero, coupon_match_disc=zero, week=week).select(
        *columns[:6],
        "retail_disc",
        "coupon_disc",
        "coupon_match_disc",
        "week",
        pl.col("transaction_timestamp").cast(pl.Datetime("us")),
    )


def _promotions() -> pl.DataFrame:
    rows = [
        (1000 + product, 300 + store, "9" if product % 2 else "0", "A" if product % 3 else "0", week)
        for week in range(1, 12)
        for product in range(week, PRODUCTS, 11)
        for store in range(STORES)
        if (product + store + week) % 2
    ]
    return pl.DataFrame(
        rows, schema=["product_id", "store_id", "display_location", "mailer_location", "week"], orient="row"
    )


def _demographics() -> pl.DataFrame:
    names = [
        "household_id",
        "age",
        "income",
        "home_ownership",
        "marital_status",
        "household_size",
        "household_comp",
        "kids_count",
    ]
    rows = [(n, "35-44", "50-74K", "Homeowner", "Married", "2", "2 Adults No Kids", "0") for n in range(1, 20)]
    return pl.DataFrame(rows, schema=names, orient="row")


def _campaigns() -> dict[str, pl.DataFrame]:
    dates = {
        "start_date": [datetime(2017, 1, 9), datetime(2017, 2, 13)],
        "end_date": [datetime(2017, 2, 9), datetime(2017, 3, 30)],
    }
    return {
        "campaign_descriptions": pl.DataFrame({"campaign_id": [1, 2], "campaign_type": ["Type A", "Type B"], **dates}),
        "campaigns": pl.DataFrame({"campaign_id": [1, 1, 2], "household_id": [1, 2, 3]}),
        "coupons": pl.DataFrame({"coupon_upc": [51_380, 51_381], "product_id": [1000, 1001], "campaign_id": [1, 2]}),
        "coupon_redemptions": pl.DataFrame(
            {
                "household_id": [1],
                "coupon_upc": [51_380],
                "campaign_id": [1],
                "redemption_date": [datetime(2017, 1, 20)],
            }
        ),
    }
