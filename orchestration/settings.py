"""Reads the environment and ``config/aisle.toml`` once; everything else gets values."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from recs.errors import ConfigError
from recs.identity import Identity, IdentitySettings, load_identity
from recs.identity.fingerprint import check_lake

_DAY_FIX = "write a day, such as first_day = 2017-01-01"
Section = TypeVar("Section")
PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """One shop's folders and its ``aisle.toml``: ``home`` holds what Aisle writes, ``config`` what the shop changes."""

    home: Path
    config: Path
    toml: Mapping[str, Any]
    threads: int = 2
    memory_limit: str = "2GB"

    @property
    def first_day(self) -> date:
        """The day of the first partition: nothing arrived before it."""
        day = self._day("first_day")
        if day is None:
            raise ConfigError(f"{self.config / 'aisle.toml'}: shop.first_day is missing", _DAY_FIX)
        return day

    @property
    def last_day(self) -> date | None:
        """The day of the last partition, for a shop whose data have ended; None while it goes on."""
        return self._day("last_day")

    @property
    def identity(self) -> Identity:
        """The border that ``[identity]`` asks for. IdentityError where the lake is of another mode or key."""
        asked, file = self.section("identity", IdentitySettings), self.config / "aisle.toml"
        identity = load_identity(asked, home=self.home, file=file)
        check_lake(identity, self.lake)
        return identity

    @property
    def key_file(self) -> Path | None:
        """Where the key of ``identity`` lies; None for plain."""
        path = self.section("identity", IdentitySettings).key_file
        return Path(path) if path else None

    def section(self, name: str, kind: type[Section]) -> Section:
        """``[name]`` of aisle.toml, as ``kind``, a msgspec struct; a dot leads inside. ConfigError names the field."""
        values: Any = self.toml
        for part in name.split("."):
            values = values.get(part, {})
        try:
            return msgspec.convert(values, kind, strict=False)
        except msgspec.ValidationError as error:
            file = self.config / "aisle.toml"
            raise ConfigError(f"{file}: [{name}]: {error}", "correct the field that it names") from None

    def _day(self, name: str) -> date | None:
        value = self.toml.get("shop", {}).get(name)
        if value is not None and not isinstance(value, date):
            raise ConfigError(f"{self.config / 'aisle.toml'}: shop.{name} is {value!r}", _DAY_FIX)
        return value

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def lake(self) -> Path:
        return self.home / "lake"

    @property
    def store(self) -> Path:
        return self.home / "store"

    @property
    def exports(self) -> Path:
        return self.home / "exports"

    @property
    def reports(self) -> Path:
        return self.home / "reports"

    @property
    def dagster(self) -> Path:
        return self.home / "dagster"


def load_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Settings from ``AISLE_HOME``, ``AISLE_CONFIG``, ``AISLE_THREADS`` and aisle.toml. Raises ConfigError."""
    env = os.environ if env is None else env
    config = Path(env.get("AISLE_CONFIG") or PROJECT / "config").resolve()
    path = config / "aisle.toml"
    try:
        toml = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist", "point AISLE_CONFIG to a folder with an aisle.toml") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}", "mend that line") from None
    threads = env.get("AISLE_THREADS", "2")
    if not threads.isdigit() or int(threads) < 1:
        raise ConfigError(f"AISLE_THREADS is {threads!r}", "set it to a whole number from 1")
    home = Path(env.get("AISLE_HOME") or PROJECT / "var").resolve()
    return Settings(home=home, config=config, toml=toml, threads=int(threads))
