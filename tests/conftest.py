"""What several tests share."""

import os
from pathlib import Path

import pytest

# No test asks a model hub for anything, whatever the machine allows.
os.environ["HF_HUB_OFFLINE"] = "1"

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def in_root(monkeypatch):
    """Run a test with the project's folder as the working folder, as Snakemake does."""
    monkeypatch.chdir(ROOT)
    return ROOT
