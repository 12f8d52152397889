"""Released contracts: which version numbers are taken for which changes, and that a released file stays as it is."""

from pathlib import Path

import pytest

from recs.contracts import load_contracts
from recs.contracts.released import check, newest_released, release
from recs.errors import ContractError

ITEMS = (Path(__file__).parents[2] / "data_contracts/items.yaml").read_text()
MAJOR = ("{minimum: 0}", "{minimum: 1}")
MINOR = ("{minimum: 0}", "{minimum: -1}")
PATCH = ("Brand or brand tier.", "The brand.")


def at(folder: Path, version: str, *changes: tuple[str, str]) -> Path:
    """A folder whose items contract has this version and these changes."""
    text = ITEMS.replace("\nversion: 1.0.0\n", f"\nversion: {version}\n")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    folder.mkdir(exist_ok=True)
    (folder / "items.yaml").write_text(text)
    return folder


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    """Items 1.2.3, released."""
    folder = at(tmp_path / "contracts", "1.2.3")
    release(folder)
    return folder


@pytest.mark.parametrize(
    ("version", "changes", "said"),
    [
        ("1.2.3", [], ""),
        ("1.2.3", [PATCH], ""),  # new words may wait for the next version
        ("1.2.3", [MINOR], "is still 1.2.3, with an additive change. set it to 1.3.0"),
        ("1.2.3", [MAJOR], "is still 1.2.3, with a breaking change. set it to 2.0.0"),
        ("1.2.4", [PATCH], ""),
        ("1.2.4", [MINOR], "went from 1.2.3 to 1.2.4, with an additive change. set it to 1.3.0"),
        ("1.3.0", [MINOR, PATCH], ""),
        ("1.9.0", [MAJOR], "went from 1.2.3 to 1.9.0, with a breaking change. set it to 2.0.0"),
        ("2.0.0", [MAJOR], ""),
        ("2.0.0", [MINOR], ""),
        ("1.2.2", [], "went back from 1.2.3 to 1.2.2. set it to 1.2.3"),
        ("0.9.9", [MAJOR], "went back from 1.2.3 to 0.9.9. set it to 2.0.0"),
    ],
)
def test_the_version_has_to_say_what_changed(contracts, version, changes, said):
    found = check(at(contracts, version, *changes))[0]
    assert (found.table, found.version, found.released) == ("items", version, "1.2.3")
    assert f"{found.problem}. {found.fix}".startswith(said or ". ")


def test_the_newest_release_is_the_highest_number_and_not_the_last_name(tmp_path):
    for version in ("1.10.0", "1.9.0", "1.2.0"):
        (tmp_path / "released").mkdir(exist_ok=True)
        text = ITEMS.replace("\nversion: 1.0.0\n", f"\nversion: {version}\n")
        (tmp_path / f"released/items-{version}.yaml").write_text(text)
    assert newest_released(tmp_path)["items"].version == "1.10.0"


def test_a_release_is_a_whole_copy_and_done_once(contracts):
    at(contracts, "1.3.0", MINOR)
    assert [path.name for path in release(contracts)] == ["items-1.3.0.yaml"]
    assert (contracts / "released/items-1.3.0.yaml").read_bytes() == (contracts / "items.yaml").read_bytes()
    assert release(contracts) == []
    assert list(load_contracts(contracts)) == ["items"]  # what was released is no table of its own


@pytest.mark.parametrize(
    ("changes", "said"),
    [([PATCH], "has been released as items-1.2.3.yaml with other text"), ([MINOR], "is still 1.2.3")],
)
def test_a_released_version_is_never_overwritten(contracts, changes, said):
    before = (contracts / "released/items-1.2.3.yaml").read_bytes()
    (contracts / "more.yaml").write_text(ITEMS.replace("name: items", "name: more"))
    with pytest.raises(ContractError, match=said):
        release(at(contracts, "1.2.3", *changes))
    assert [path.name for path in (contracts / "released").iterdir()] == ["items-1.2.3.yaml"]
    assert (contracts / "released/items-1.2.3.yaml").read_bytes() == before


def test_a_new_table_needs_no_number_and_a_table_that_is_gone_is_a_problem(contracts):
    (contracts / "items.yaml").rename(contracts / "more.yaml")
    (contracts / "more.yaml").write_text(ITEMS.replace("name: items", "name: more"))
    gone, new = check(contracts)
    assert (gone.table, gone.problem) == ("items", "has no contract any more")
    assert gone.changes[0].level == "breaking"
    assert (new.table, new.released, new.problem) == ("more", "", "")


def test_a_version_that_is_no_number_or_a_released_file_of_another_name_is_refused(contracts):
    with pytest.raises(ContractError, match="write three numbers"):
        check(at(contracts, "1.3.x"))
    (contracts / "released/items-1.2.3.yaml").rename(contracts / "released/items-1.2.4.yaml")
    with pytest.raises(ContractError, match=r"name it items-1\.2\.3\.yaml"):
        check(at(contracts, "1.3.0"))
