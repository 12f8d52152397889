"""A compiled line is the JSON of its row."""

import json
from datetime import UTC, datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recs.simulate.lines import hex_texts, json_lines, make_texts, query_texts
from recs.simulate.rows import ACTIONS, SEARCH, empty_rows, id_table, id_texts
from recs.simulate.spec import ShopSpec
from recs.simulate.vocabulary import DEVICES, REGIONS
from recs.simulate.world import make_world

WORLD = ShopSpec(users=30, items=20, days=1, events_per_day=240, seed=5)


def lines_of(world, rows):
    return [line for text, _, _ in json_lines(rows, make_texts(world)) for line in text.tobytes().decode().splitlines()]


ROWS = st.fixed_dictionaries(
    {
        "at": st.integers(0, 4_102_444_800_000),
        "id_hi": st.integers(0, 2**64 - 1),
        "id_lo": st.integers(0, 2**64 - 1),
        "session": st.integers(0, 2**64 - 1),
        "user": st.integers(-1, 29),
        "item": st.integers(0, 19),
        "cents": st.integers(-1, 2**31 - 1),
        "query": st.integers(-1, 3),
        "quantity": st.integers(0, 2**15 - 1),
        "action": st.integers(0, len(ACTIONS) - 1),
        "rating": st.integers(0, 9),
        "region": st.integers(0, len(REGIONS) - 1),
        "device": st.integers(0, len(DEVICES) - 1),
    }
)


def expected(world, row):
    at = datetime.fromtimestamp(row["at"] // 1000, UTC).replace(microsecond=row["at"] % 1000 * 1000)
    found = {
        "event_id": f"{row['id_hi']:016x}{row['id_lo']:016x}",
        "event_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "user_id": id_texts(world.people.ids)[row["user"]] if row["user"] >= 0 else None,
        "session_id": f"{row['session']:016x}",
        "item_id": id_texts(world.catalogue.ids)[row["item"]] if row["action"] != SEARCH else None,
        "action": ACTIONS[row["action"]],
        "quantity": row["quantity"] or None,
        "unit_price": row["cents"] / 100 if row["cents"] >= 0 else None,
        "currency": "EUR" if row["cents"] >= 0 else None,
        "rating": row["rating"] or None,
        "query": query_texts(world)[row["query"]] if row["query"] >= 0 else None,
        "region": REGIONS[row["region"]],
        "device": DEVICES[row["device"]],
    }
    return {name: value for name, value in found.items() if value is not None}


@settings(max_examples=50)
@given(st.lists(ROWS, min_size=1, max_size=5))
def test_a_line_says_what_its_row_says_and_leaves_out_what_is_not_there(given_rows):
    world = make_world(WORLD)
    rows = empty_rows(len(given_rows))
    for name in given_rows[0]:
        rows[name] = [row[name] for row in given_rows]
    assert [json.loads(line) for line in lines_of(world, rows)] == [expected(world, row) for row in given_rows]


def test_more_rows_than_a_chunk_come_out_in_their_order():
    world = make_world(WORLD)
    rows = empty_rows(70_000)
    rows["item"], rows["session"] = 0, np.arange(70_000)
    found = [int(json.loads(line)["session_id"], 16) for line in lines_of(world, rows)]
    assert found == list(range(70_000))


def test_ids_are_padded_to_one_width_and_differ():
    texts = id_texts(id_table("u", np.array([0, 7, 1_234_567])))
    assert texts.tolist() == ["u0000000", "u0000007", "u1234567"]


def test_hexadecimal_is_what_python_makes_of_it():
    numbers = np.array([0, 255, 2**64 - 1], np.uint64)
    assert [bytes(row).decode() for row in hex_texts(numbers)] == [f"{int(n):016x}" for n in numbers]
