"""Dirt is planted in the amounts that the truth states, and the contract sees each kind as the truth says."""

import json
from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs.simulate import ShopSpec, generate
from recs.simulate.dirt import kinds, outcome, planned, planted, spoiled_line, spoiled_record
from recs.simulate.rows import VIEW, Dirt, empty_rows
from tests.simulate.conftest import Shop, broken_rules

RECORD = {
    "event_id": "0f" * 16,
    "event_at": "2026-03-02T10:00:00.000Z",
    "user_id": "u000001",
    "session_id": "ab" * 8,
    "item_id": "i000001",
    "action": "view",
    "region": "north",
    "device": "app",
}
LINE = json.dumps(RECORD, separators=(",", ":")).encode()
KIND_OF_RULE = {
    "future": "future",
    "horizon": "beyond_horizon",
    "required": "missing_field",
    "maxLength": "over_long_id",
    "valid_values": "invalid_action",
    "minimum": "out_of_range",
    "maximum": "out_of_range",
    "type": "wrong_type",
}
EDITS = [k for k in Dirt if k in (3, 4, 5, 6, 9, 10)]


def recount(shop):
    """File -> kind -> lines, by one who knows only the contract, the catalogue and what came before."""
    items, seen = set(shop.truth("items")["item_id"]), {}
    found = defaultdict(Counter)
    for line in shop.drops[0]:
        if not line.text:
            kind = "blank_line"
        elif line.record is None:
            kind = "invalid_utf8" if b"\xff" in line.text else "torn_line"
        elif line.rules:
            (rule,) = line.rules  # dirt is unambiguous: one rule and no more
            kind = KIND_OF_RULE[rule.split(":")[1]]
        elif line.record["event_id"] in seen:
            file, text = seen[line.record["event_id"]]
            assert text == line.text
            kind = "duplicate_line" if file == line.file else "duplicate_later"
        else:
            seen[line.record["event_id"]] = (line.file, line.text)
            kind = "clean" if line.record.get("item_id") in items | {None} else "unknown_item"
        found[line.file][kind] += 1
    return found


def test_every_kind_is_in_every_file_as_often_as_the_truth_says(shop):
    stated, found = shop.truth_json("dirt")["files"], recount(shop)
    readable = {file: drop for file, drop in stated.items() if "truncated_file" not in drop["kinds"]}
    assert set(readable) == set(found)
    for file, drop in readable.items():
        clean = found[file].pop("clean", 0)
        assert dict(found[file]) == drop["kinds"], file
        assert drop["valid"] == clean + found[file]["unknown_item"]
        assert drop["rows"] == drop["valid"] + drop["quarantined"] + drop["duplicate"]
        assert drop["rows"] == clean + sum(found[file].values()) - found[file]["blank_line"]


def test_every_kind_is_planted_and_the_total_is_the_sum_of_the_files(shop):
    stated = shop.truth_json("dirt")
    assert {kind.name.lower() for kind in kinds(shop.spec)} <= set(stated["total"]["kinds"])
    for name in ("rows", "valid", "quarantined", "duplicate", "late"):
        assert stated["total"][name] == sum(file[name] for file in stated["files"].values())
    share = sum(stated["total"]["kinds"].values()) / shop.told["events"]
    assert share == pytest.approx(shop.spec.dirt, rel=0.05)


def test_the_files_that_were_cut_off_are_those_that_the_truth_names(shop):
    stated = shop.truth_json("dirt")["files"]
    cut = {file for file, drop in stated.items() if drop["kinds"].get("truncated_file")}
    assert set(shop.drops[1]) == cut
    assert len(cut) == shop.spec.bad_files


def test_good_rows_are_what_they_would_be_without_dirt(shop, tmp_path):
    clean = Shop(tmp_path, generate(replace(shop.spec, dirt=0, bad_files=0), tmp_path))
    ids = [sorted((e["event_id"], e["event_at"], e["file"]) for e in each.events) for each in (clean, shop)]
    assert ids[0] == ids[1]
    assert not any(line.rules or line.record is None for line in clean.drops[0])


@pytest.mark.parametrize("kind", EDITS)
@pytest.mark.parametrize("draw", range(4))
def test_an_edited_record_breaks_exactly_one_rule_unless_its_item_is_unknown(kind, draw):
    record = spoiled_record(kind, RECORD, draw)
    (rules,) = broken_rules("events", [record], ["2026-03-02"])
    assert len(rules) == (0 if kind == Dirt.UNKNOWN_ITEM else 1)
    if rules:
        assert KIND_OF_RULE[rules[0].split(":")[1]] == kind.name.lower()


@given(st.integers(0, 2**31 - 1))
def test_a_torn_line_is_never_json_and_never_blank(draw):
    torn = spoiled_line(Dirt.TORN_LINE, LINE, draw)
    assert LINE.startswith(torn)
    assert torn.strip()
    with pytest.raises(ValueError, match=r".+"):
        json.loads(torn)


def test_a_line_with_invalid_bytes_differs_in_nothing_else():
    line = spoiled_line(Dirt.INVALID_UTF8, LINE, 0)
    with pytest.raises(UnicodeDecodeError):
        line.decode()
    assert line.decode(errors="ignore").encode() == LINE


@given(st.lists(st.integers(0, 500), min_size=1, max_size=60), st.sampled_from(["jsonl", "parquet"]))
def test_dirt_adds_up_to_its_share_however_small_the_hours(hours, form):
    spec = ShopSpec(10, 20, 1, 24, seed=1, dirt=0.13, format=form)
    found, before = Counter(), 0
    for events in hours:
        found.update(planned(spec, before, events))
        before += events
    each = before * spec.dirt / len(kinds(spec))
    assert all(abs(found[kind] - each) < 1 for kind in kinds(spec))


def test_repeats_keep_their_id_and_the_others_get_one_of_their_own():
    spec = ShopSpec(10, 20, 2, 24, seed=1)
    rows = empty_rows(3)
    rows["id_lo"], rows["action"], rows["at"] = [1, 2, 3], VIEW, spec.start_ms
    bad, later = planted(spec, 0, 0, rows, dict.fromkeys(kinds(spec), 2))
    repeated = np.concatenate([bad[bad["dirt"] == Dirt.DUPLICATE_LINE], *later.values()])
    others = bad[bad["dirt"] != Dirt.DUPLICATE_LINE]
    assert set(repeated["id_lo"].tolist()) <= {1, 2, 3}
    assert not set(others["id_lo"].tolist()) & {1, 2, 3}
    assert all(due > 0 for due in later)
    assert Counter(others["dirt"].tolist()) == {kind: 2 for kind in kinds(spec) if outcome(kind) != "duplicate"}
