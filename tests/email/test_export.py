"""A batch is built once, never changed, and never contradicts what was sent; a kill leaves nothing half-made."""

import hashlib
import json
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from recs.email.errors import BatchRefusedError, EmailError
from recs.email.export import is_due
from recs.email.manifest import is_conserved
from recs.lake import Lake, Provenance
from tests.email.shop import AS_OF, SEND, TITLES, contents, export, ledger, lists, spec, write_lake

CAPPED = spec(every_days=7, not_sent_days=28)
NEXT = SEND + timedelta(days=1)


@pytest.fixture
def home(tmp_path):
    write_lake(tmp_path / "lake")
    return tmp_path


def change_lists(home: Path) -> None:
    frame = lists("home", {("global", ""): "jam soap cake"})
    Lake(home / "lake").write_partition(
        "surfaces/home", AS_OF, frame, sort_by=[], inputs={}, provenance=Provenance("", "", "")
    )


def test_a_batch_is_whole_and_its_manifest_says_what_it_holds(home):
    done = export(home)
    names = {"batch.parquet", "skipped.parquet", "preview.html", "manifest.json", f"csv/digest-{SEND}.csv"}
    files, manifest = contents(done.folder), json.loads((done.folder / "manifest.json").read_bytes())
    assert (done.outcome, done.folder, set(files)) == ("built", home / "emails" / "digest" / str(SEND), names)
    assert manifest["audience"] == manifest["sent"] + manifest["skipped"] == 4
    assert (manifest["send_date"], manifest["as_of_date"], manifest["release_id"]) == (str(SEND), str(AS_OF), "r1")
    assert {"surfaces/home", "surfaces/buy_again", "features/dim_item", "ledger"} <= set(manifest["inputs"])
    for entry in manifest["files"]:
        data = files[entry["name"]]
        assert (entry["bytes"], entry["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert {entry["name"] for entry in manifest["files"]} == names - {"manifest.json"}
    assert is_conserved(done.folder, done.manifest)


def test_the_same_inputs_give_the_same_bytes(home, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    write_lake(other / "lake")
    assert contents(export(home).folder) == contents(export(other).folder)


def test_exporting_again_keeps_the_batch_and_sends_nobody_twice(home):
    first = export(home, CAPPED)
    before, noted = contents(first.folder), contents(home / "ledger")
    again = export(home, CAPPED)
    assert (again.outcome, contents(again.folder), contents(home / "ledger")) == ("kept", before, noted)
    sent = ledger(home).sent(since=AS_OF, before=NEXT)
    assert sent.height == sent.n_unique() == first.manifest.items


def test_the_next_day_the_ledger_decides(home):
    export(home, CAPPED)
    the_day_after = export(home, CAPPED, send_date=NEXT).manifest
    assert (the_day_after.sent, the_day_after.skipped_by_rule) == (0, {"frequency_cap": 4})
    done = export(home, spec(not_sent_days=28), send_date=NEXT + timedelta(days=1))
    sent = ledger(home).sent(since=SEND, before=NEXT + timedelta(days=2))
    assert sent.select("user_id", "item_id").is_duplicated().sum() == 0
    assert done.manifest.sent == 4  # other items than the first time


def test_a_removed_folder_comes_back_as_it_was_and_not_otherwise(home):
    done = export(home)
    before = contents(done.folder)
    export(home, send_date=NEXT)
    done.folder.rename(home / "aside")
    again = export(home)
    assert (again.outcome, contents(again.folder)) == ("built", before)
    again.folder.rename(home / "aside too")
    change_lists(home)
    with pytest.raises(BatchRefusedError, match=f"digest of {SEND} was sent already, with other mails"):
        export(home)
    assert not again.folder.exists()


def test_a_batch_whose_inputs_changed_is_not_changed(home):
    before = contents(export(home).folder)
    change_lists(home)
    told = (
        r"was built from other inputs \(surfaces/home\), and a batch is never changed. Fix: use it as it is, or export"
    )
    with pytest.raises(BatchRefusedError, match=told):
        export(home)
    assert contents(home / "emails" / "digest" / str(SEND)) == before


def test_a_day_before_one_that_was_sent_is_refused_and_never_due(home):
    root = home / "emails"
    assert is_due(root, "digest", ledger(home), SEND)
    export(home, send_date=NEXT)
    with pytest.raises(BatchRefusedError, match=f"digest was sent on {NEXT}, and {SEND} is before that"):
        export(home)
    assert not is_due(root, "digest", ledger(home), SEND)
    assert not is_due(root, "digest", ledger(home), NEXT)
    assert is_due(root, "digest", ledger(home), NEXT + timedelta(days=1))


@pytest.mark.parametrize("days", [0, 4])
def test_lists_of_the_day_itself_or_too_old_are_not_mailed(home, days):
    with pytest.raises(
        EmailError, match=f"the newest lists before .* are of {AS_OF}; digest mails lists of 1 to 3 days"
    ):
        export(home, send_date=AS_OF + timedelta(days=days))


@pytest.mark.parametrize("name", ["batch.parquet", "csv/digest-2026-03-10.csv"])
def test_a_batch_that_was_touched_is_not_trusted(home, name):
    path = export(home).folder / name
    data = path.read_bytes()
    path.write_bytes(data + b" ")
    with pytest.raises(EmailError, match=f"{name} was changed"):
        export(home)
    path.unlink()
    with pytest.raises(EmailError, match=f"{name} is missing"):
        export(home)
    path.write_bytes(data)
    path.with_name("more.txt").write_text("")
    with pytest.raises(EmailError, match=r"more.txt is not of the batch"):
        export(home)


def test_a_kill_between_the_folder_and_the_ledger_is_made_good(home):
    """Simulated by removing the ledger's last file, which is all that such a kill leaves out."""
    export(home, CAPPED)
    noted = contents(home / "ledger")
    (ledger(home).folder / f"{SEND}.parquet").unlink()
    assert export(home, CAPPED, send_date=NEXT).manifest.skipped_by_rule == {"frequency_cap": 4}
    assert contents(home / "ledger").items() >= noted.items()


EXPORT = "import sys; from pathlib import Path; from tests.email import shop; shop.export(Path(sys.argv[1]))"


def start(home: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", EXPORT, home], cwd=Path(__file__).parents[2])


@pytest.mark.parametrize("seen", ["batch.parquet", "csv/*.csv"])
def test_killed_in_the_middle_nothing_is_visible_and_the_next_export_is_the_same(tmp_path, tmp_path_factory, seen):
    undisturbed = tmp_path_factory.mktemp("undisturbed")
    for home in (tmp_path, undisturbed):
        write_lake(home / "lake", members=2500)
    process = start(tmp_path)
    until = time.monotonic() + 60
    while not list(tmp_path.glob(f"emails/digest/.tmp-*/{seen}")):
        assert process.poll() is None, "the export ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.0005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "emails" / "digest" / str(SEND)).exists()
    assert ledger(tmp_path).send_dates() == []
    assert contents(export(tmp_path).folder) == contents(export(undisturbed).folder)
    assert contents(ledger(tmp_path).folder) == contents(ledger(undisturbed).folder)


def test_two_at_once_build_one_batch(home):
    processes = [start(home) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert [path.name for path in (home / "emails" / "digest").iterdir()] == [str(SEND)]
    assert export(home).outcome == "kept"


def test_the_preview_escapes_what_it_shows_and_loads_nothing(home):
    titles = {**TITLES, "script": "<script>alert(1)</script>", "quote": '"><img src=x onerror=y>'}
    write_lake(home / "lake", titles=titles)
    campaign = spec(title="You & <us>", items=9, surfaces=(spec().surfaces[0],))
    page = (export(home, campaign).folder / "preview.html").read_text()
    assert "You &amp; &lt;us&gt;" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "Soap &lt;b&gt;&amp; water&lt;/b&gt;" in page
    for word in ("<script", "<img", "<link", "@import", "url(", "http:", "https:"):
        assert word not in page


@pytest.mark.parametrize(
    ("url", "linked"), [("https://shop.example/jam?a=1&b=2", True), ("javascript:alert(1)", False)]
)
def test_only_web_pages_are_linked(url, linked, home):
    lake = Lake(home / "lake")
    items = lake.read("features/dim_item", AS_OF).with_columns(url=pl.lit(url))
    lake.write_partition("features/dim_item", AS_OF, items, sort_by=[], inputs={}, provenance=Provenance("", "", ""))
    done = export(home)
    assert pl.read_parquet(done.folder / "batch.parquet")["rec_1_url"].unique().to_list() == [url]
    assert ("<a href=" in (done.folder / "preview.html").read_text()) is linked
