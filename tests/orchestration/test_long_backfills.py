"""A long range of as-of days is built some days at a time: what was committed before a stop is kept."""

from contextlib import contextmanager
from datetime import date, timedelta

import polars as pl
import pytest

from assets import dbt_models
from assets.dbt_models import build_models, stale_model_days
from orchestration.dbt_manifest import DbtManifest
from orchestration.dbt_project import load_manifest
from orchestration.dbt_run import DbtBuild, DbtFailed
from orchestration.resources import ShopResource
from recs.lake.inputs import Inputs

TABLE = "features/int_suspect_pace"  # it reads arriving tables alone
DAYS = [date(2026, 3, 1) + timedelta(days=n) for n in range(7)]


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "aisle.toml").write_text("[shop]\n")
    return ShopResource(home=str(tmp_path), config=str(tmp_path))


@pytest.fixture
def builds(monkeypatch, tmp_path):
    """The ranges that dbt is asked for; it fails at a range of which ``failing`` holds a day."""
    asked, failing = [], set()

    @contextmanager
    def build(models, days, *, lake, **_):
        asked.append(list(days))
        if failing & set(days):
            raise DbtFailed("stopped", "go on")
        for day in days:
            rows = pl.DataFrame({"as_of_date": [day], "user_id": ["bot"], "rule": ["no_dwell"]})
            rows.write_parquet(tmp_path / f"{models[0].name}.{day}.parquet")
        yield DbtBuild(lake, tmp_path, {f"model.aisle.{models[0].name}": 1.0}, {})

    monkeypatch.setattr(dbt_models, "dbt_build", build)
    monkeypatch.setattr(dbt_models, "DAYS_AT_ONCE", 3)
    return asked, failing


def test_what_was_committed_before_a_stop_is_kept_and_the_next_run_goes_on(shop, builds):
    asked, failing = builds
    manifest: DbtManifest = load_manifest()
    model = manifest.models[TABLE]
    failing.add(DAYS[4])
    with pytest.raises(DbtFailed):
        build_models(shop, manifest, [model], DAYS, "run")
    assert asked == [DAYS[:3], DAYS[3:6]]
    assert shop.lake().days(TABLE) == DAYS[:3]
    left = stale_model_days(shop, manifest, model, DAYS, Inputs(shop.lake()))
    assert left == DAYS[3:]
    failing.clear()
    built = build_models(shop, manifest, [model], left, "again")
    assert asked[2:] == [DAYS[3:6], DAYS[6:]]
    assert built[TABLE][0] == 2.0  # seconds of both ranges
    assert stale_model_days(shop, manifest, model, DAYS, Inputs(shop.lake())) == []
    assert {shop.lake().info(TABLE, day).run_id for day in DAYS} == {"run", "again"}
