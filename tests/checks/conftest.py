"""A fresh shop for each test."""

from pathlib import Path

import pytest

from tests.checks.lakes import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)
