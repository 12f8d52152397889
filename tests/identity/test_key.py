"""The key file and ``[identity]``: what is refused, and that nothing that is said shows a key."""

from base64 import b64encode, urlsafe_b64encode
from pathlib import Path

import pytest

from orchestration.settings import load_settings
from recs.errors import ConfigError
from recs.identity import Identity, IdentityError
from recs.identity.fingerprint import FILE, check_lake, keep_fingerprint
from recs.identity.key import read_key, write_new_key

KEY = bytes(range(100, 164))


def key_file(path: Path, text: str = KEY.hex(), mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def settings(folder: Path, *lines: str):
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config" / "aisle.toml").write_text("\n".join(["[identity]", *lines]))
    return load_settings({"AISLE_HOME": str(folder / "home"), "AISLE_CONFIG": str(folder / "config")})


@pytest.mark.parametrize(
    "text", [KEY.hex(), KEY.hex().upper() + "\n", b64encode(KEY).decode(), urlsafe_b64encode(KEY).decode()]
)
def test_a_key_is_read_as_hex_or_base64(tmp_path, text):
    assert read_key(key_file(tmp_path / "key", text)) == KEY


@pytest.mark.parametrize(
    "text", ["", KEY.hex()[:-2], KEY.hex() + "00", "0" * 128, "secret " * 19, "é" * 64, b64encode(KEY).decode()[:-3]]
)
def test_what_is_no_key_is_refused_and_not_shown(tmp_path, text):
    with pytest.raises(ConfigError, match=r"holds no key. Fix: it takes 64 random bytes") as caught:
        read_key(key_file(tmp_path / "key", text))
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602])
def test_a_key_that_others_can_use_is_refused(tmp_path, mode):
    path = key_file(tmp_path / "key", mode=mode)
    with pytest.raises(ConfigError, match=rf"can be used by others \(mode {mode:o}\). Fix: chmod 600 {path}"):
        read_key(path)


def test_a_new_key_is_for_its_owner_alone_and_never_takes_the_place_of_another(tmp_path):
    path = tmp_path / "key"
    write_new_key(path)
    before = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(read_key(path)) == 64
    with pytest.raises(ConfigError, match="a key is never overwritten"):
        write_new_key(path)
    assert path.read_bytes() == before
    write_new_key(tmp_path / "another")
    assert read_key(tmp_path / "another") != read_key(path)
    with pytest.raises(ConfigError, match="choose a folder that exists"):
        write_new_key(tmp_path / "nowhere" / "key")


def test_without_a_section_ids_are_plain(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "aisle.toml").write_text("")
    found = load_settings({"AISLE_HOME": str(tmp_path), "AISLE_CONFIG": str(tmp_path / "config")})
    assert (found.identity.mode, found.key_file) == ("plain", None)


def test_a_sealed_shop_reads_its_key(tmp_path):
    path = key_file(tmp_path / "key")
    found = settings(tmp_path, 'mode = "sealed"', f'key_file = "{path}"')
    assert found.identity.fingerprint == Identity(KEY).fingerprint
    assert KEY.hex() not in repr(found)
    path.unlink()
    with pytest.raises(ConfigError, match=f"there is no key file {path}. Fix: .* aisle identity new-key {path}"):
        _ = found.identity


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (['mode = "sealed"'], "identity.key_file is missing"),
        (['mode = "sealed"', 'key_file = "key"'], "key_file is 'key'. Fix: give its whole path"),
        (['key_file = "/some/key"'], 'identity.mode is plain. Fix: set mode = "sealed"'),
        (['mode = "hidden"'], "Invalid enum value 'hidden'"),
        (['key = "x"'], "unknown field `key`"),
    ],
)
def test_a_section_that_cannot_be_meant_is_refused(tmp_path, lines, said):
    with pytest.raises(ConfigError, match=said):
        _ = settings(tmp_path, *lines).identity


def test_a_key_inside_the_shops_home_is_refused_through_links_too(tmp_path):
    (tmp_path / "home" / "lake").mkdir(parents=True)
    inside = key_file(tmp_path / "home" / "lake" / "key")
    (tmp_path / "link").symlink_to(inside)
    for path in (inside, tmp_path / "link"):
        with pytest.raises(ConfigError, match=r"key_file lies inside the shop's home. Fix: move it out"):
            _ = settings(tmp_path, 'mode = "sealed"', f'key_file = "{path}"').identity


PLAIN, ONE, OTHER = Identity(), Identity(KEY), Identity(KEY[::-1])


def test_an_empty_lake_is_of_any_mode_and_takes_the_first(tmp_path):
    lake = tmp_path / "lake"
    for identity in (PLAIN, ONE, OTHER):
        check_lake(identity, lake)
    keep_fingerprint(PLAIN, lake)
    assert not lake.exists()
    keep_fingerprint(ONE, lake)
    keep_fingerprint(ONE, lake)
    assert [path.name for path in lake.iterdir()] == [FILE]
    assert ONE.fingerprint in (lake / FILE).read_text()


@pytest.mark.parametrize(
    ("kept", "asked", "said"),
    [
        (PLAIN, ONE, 'holds clear ids, .* Fix: set mode = "plain", or point AISLE_HOME to a new folder'),
        (ONE, PLAIN, 'is sealed, .* Fix: set mode = "sealed" and key_file to its key'),
        (ONE, OTHER, "was sealed with another key .* Fix: name its own key in identity.key_file"),
    ],
)
def test_a_lake_of_another_mode_or_key_is_refused_before_anything_is_written(tmp_path, kept, asked, said):
    lake = tmp_path / "lake"
    keep_fingerprint(kept, lake)
    (lake / "raw" / "users").mkdir(parents=True)
    before = sorted(lake.rglob("*"))
    for act in (check_lake, keep_fingerprint):
        with pytest.raises(IdentityError, match=said):
            act(asked, lake)
    keep_fingerprint(kept, lake)
    assert sorted(lake.rglob("*")) == before


def test_a_fingerprint_that_cannot_be_read_is_not_taken_for_none(tmp_path):
    (tmp_path / FILE).write_text("{")
    for identity in (PLAIN, ONE):
        with pytest.raises(IdentityError, match="restore it from a backup"):
            check_lake(identity, tmp_path)
