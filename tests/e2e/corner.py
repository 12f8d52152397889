"""A corner shop that brings its own files: a configuration of its own, and drops whose user ids are easy to find."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
MARK = "zqx-user-"  # what every user id begins with, and nothing else
USERS, ITEMS = 40, 30
UNKNOWN = {"is_internal": "false", "is_suspected_bot": "false"}
SOURCE = {
    "source": "corner",
    "arrival": "path",
    "drops": {
        "orders": {
            "file": "orders*.csv",
            "feeds": "events",
            "columns": {
                "event_id": "basket || '/' || sku",
                "event_at": "bought_at",
                "user_id": "customer",
                "session_id": "basket",
                "item_id": "sku",
                "action": "'purchase'",
                "quantity": "pieces",
                "unit_price": "paid",
                "currency": "'EUR'",
            },
        },
        "products": {
            "file": "products*.csv",
            "feeds": "items",
            "columns": {
                "item_id": "sku",
                "title": "name",
                "category_l2": "shelf",
                "price": "price",
                "currency": "'EUR'",
                "is_available": "true",
                "is_blocked": "false",
                "is_adult": "false",
                "updated_at": "arrival_date",
            },
        },
        "customers": {
            "file": "customers*.csv",
            "feeds": "users",
            "columns": {"user_id": "customer", "updated_at": "arrival_date", **UNKNOWN},
        },
        "members": {
            "file": "members*.csv",
            "feeds": "campaign_audiences",
            "columns": {
                "campaign_id": "'digest'",
                "user_id": "member",
                "kind": "'mail'",
                "starts_date": "arrival_date",
                "ends_date": "arrival_date + 60",
                "known_at": "arrival_date",
            },
        },
    },
}


def user(n: int) -> str:
    return f"{MARK}{n:05d}"


def bought(n: int, day: date) -> list[int]:
    """The items that a shopper buys on a day."""
    return sorted({(n * 7 + (day.toordinal() + k * (1 + n % 3)) % 6) % ITEMS for k in range(3)})


def write_config(folder: Path, *lines: str, first_day: date) -> Path:
    """The demo's configuration with this shop's source; ``lines`` end its aisle.toml."""
    folder.mkdir(parents=True)
    for name in ("surfaces", "campaigns"):
        shutil.copytree(ROOT / "config" / name, folder / name)
    digest = folder / "campaigns" / "weekly_digest.yaml"  # a shop this small has little that is new to anybody
    kept = [line for line in digest.read_text().splitlines() if not line.startswith(("min_items", "not_bought"))]
    digest.write_text("\n".join(kept))
    (folder / "sources").mkdir()
    (folder / "sources" / "corner.yaml").write_text(yaml.safe_dump(SOURCE))
    kept = [
        line
        for line in (ROOT / "config" / "aisle.toml").read_text().splitlines()
        if not line.startswith(("first_day", "last_day", "mode = ", "[identity]"))
    ]
    text = "\n".join(kept).replace("[shop]", f"[shop]\nfirst_day = {first_day}", 1)
    (folder / "aisle.toml").write_text("\n".join([text, *lines, ""]))
    return folder


def write_orders(folder: Path, days: list[date], *, dirty: bool = False) -> None:
    """One file a day: everybody buys some of six items that are theirs. Dirty ones hold lines to be turned away."""
    for day in days:
        lines = ["basket,customer,sku,pieces,paid,bought_at"]
        for n in range(USERS):
            basket = f"{day}-{n * 31 % USERS}"
            lines += [
                f"{basket},{user(n)},s{item:02d},{1 + item % 2},2.50,{day} 10:{n:02d}:00" for item in bought(n, day)
            ]
        if dirty:
            lines += [f"x{day},{user(1)},s01,0,2.50,{day} 10:00:00", f"y{day},{user(2)},s02,one,2.50,{day} 10:00:00"]
            lines += [f"z{day},{user(3)},s03", f"v{day},{MARK * 30},s03,1,2.50,{day} 10:00:00"]
        _write(folder / str(day) / "orders.csv", lines)
        if dirty:  # files that no row can be read of
            _write(folder / str(day) / "orders-short.csv", [lines[0].replace(",pieces", ""), *lines[1:3]])
            _write(folder / str(day) / "orders-quotes.csv", [lines[0], f'a,"{user(4)},s03,1,2.50,{day} 10:00:00'])


def write_plans(folder: Path, day: date) -> None:
    """The catalogue, the customers and a campaign for all of them."""
    shelves = ("tea", "mugs", "jam")
    items = [f"s{n:02d},Thing no. {n},{shelves[n % 3]},2.50" for n in range(ITEMS)]
    _write(folder / str(day) / "products.csv", ["sku,name,shelf,price", *items])
    for name in ("customer", "member"):  # files of the same bytes would be taken once
        _write(folder / str(day) / f"{name}s.csv", [name, *(user(n) for n in range(USERS))])


def days_from(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


def _write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, ""]))
