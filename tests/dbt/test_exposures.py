"""The exposures of the dbt project: every surface and campaign, with the models that it is made from."""

from pathlib import Path

import pytest
import yaml

from orchestration.definitions import defs
from orchestration.exposures import exposures_yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "dbt_project/models/exposures.yml"


@pytest.fixture(scope="module")
def told():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AISLE_CONFIG", str(ROOT / "config"))
        return exposures_yaml(defs().resolve_all_asset_specs())


def test_the_file_is_what_make_generate_writes(told):
    assert FILE.read_text() == told


def test_every_surface_and_campaign_names_its_models(told):
    found = {one["name"]: one["depends_on"] for one in yaml.safe_load(told)["exposures"]}
    shown = {f"surface_{path.stem}" for path in (ROOT / "config/surfaces").glob("*.yaml")}
    assert set(found) == shown | {f"email_{path.stem}" for path in (ROOT / "config/campaigns").glob("*.yaml")}
    assert "ref('feat_user_item')" in found["surface_home"]  # by way of the ranker
    assert "ref('feat_item_pair')" in found["surface_product_similar"]  # by way of a channel
    assert "ref('feat_user')" not in found["surface_trending"]
