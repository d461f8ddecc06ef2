"""What several tests share."""

import contextlib
import gc
import os
from pathlib import Path

import pytest

from mmsent.encoders.embeddings import Header, in_half, write_embeddings
from mmsent.labels import LABELS
from mmsent.plan.resolve import resolve

# No test asks a model hub for anything, whatever the machine allows.
os.environ["HF_HUB_OFFLINE"] = "1"

ROOT = Path(__file__).resolve().parents[1]


def pytest_collection_finish():
    # statsmodels collects garbage at each correction: it need not search what is imported.
    gc.freeze()


def pytest_sessionfinish():
    gc.unfreeze()


def write_rows(path, arrays, guids, settings=None, parameters=0):
    """Write an embedding file of posts whose content does not matter."""
    header = Header(settings or {}, guids, [""] * len(guids), parameters)
    write_embeddings(path, in_half(arrays), header)


def shipped(name, override=None):
    """The settings of an experiment as shipped, or with an override."""
    with contextlib.chdir(ROOT):
        return resolve(name, {name: override} if override else {}).settings


@pytest.fixture
def classes():
    """Set the classes of a test."""
    yield LABELS.set
    LABELS.set()


@pytest.fixture
def in_root(monkeypatch):
    """Run a test with the project's folder as the working folder, as Snakemake does."""
    monkeypatch.chdir(ROOT)
    return ROOT
