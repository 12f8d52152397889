"""The contracts against datacontract-cli, the reference reader of the standard, in an environment of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONTRACTS = sorted((Path(__file__).parents[2] / "data_contracts").glob("*.yaml"))
UV = Path(sys.executable).with_name("uv")

pytestmark = pytest.mark.long


def lint(path: Path) -> subprocess.CompletedProcess[str]:
    command = [UV, "tool", "run", "--from", "datacontract-cli==1.2.8", "datacontract", "lint", path]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "COLUMNS": "200"})


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_the_contract_is_accepted(path):
    done = lint(path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_contract_that_breaks_the_standard_is_not(tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text(CONTRACTS[0].read_text().replace("logicalType: string", "logicalType: shoe", 1))
    done = lint(broken)
    assert done.returncode == 1
    assert "shoe" in done.stdout + done.stderr
