"""One job that trains several folds or repetitions writes what a job for each writes."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml

import job
from conftest import ROOT, write_rows
from mmsent.data.fractions import reduced_folds
from mmsent.encoders.embeddings import BLANK
from mmsent.files import write_json
from mmsent.plan.plan import Plan
from mmsent.plan.resolve import resolve
from mmsent.tables import read_table, write_table
from predictions import run_paths

POSTS = 48
SMALL = {"projection": {"size": 8}, "head": {"hidden": [8, 4]},
         "schedule": {"epochs": 2, "warmup_epochs": 1},
         "image": {"views": 0, "augmentation": None}}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Posts in two folds with random embeddings, and settings that a search chose on each."""
    folder = tmp_path_factory.mktemp("data")
    generator = np.random.default_rng(4)
    guids = [str(number) for number in range(POSTS)]
    posts = pd.DataFrame({"guid": guids, "label": np.arange(POSTS) % 3})
    write_table(folder / "posts.parquet", posts.assign(text_blanked=False, image_blanked=False))
    splits = np.array(["train", "train", "validation", "test"])[np.arange(POSTS) // 3 % 4]
    folds = pd.DataFrame({"guid": guids, "split_0": splits, "split_1": np.roll(splits, 3)})
    write_table(folder / "folds.tsv", folds)
    for modality, name in (("text", "mean"), ("image", "state")):
        states = generator.normal(size=(POSTS + 1, 6)).astype(np.float32)
        write_rows(folder / modality, {name: states}, [*guids, BLANK])
    for fold, size in ((0, 16), (1, 8)):
        write_json(folder / f"{fold}.json", {"chosen": [{"optimiser": {"batch_size": size}}]})
    return folder


def arguments(data, folder, folds, repetitions=()):
    """Arguments of the job that trains folds, alone or repeatedly, as Snakemake passes them."""
    name = "v4_balanced_clip"
    runs = [folder / str(repetition) / str(fold) for repetition in repetitions or [""]
            for fold in folds]  # fmt: skip
    outputs = {kind: [str(run_paths(run)[kind]) for run in runs] for kind in run_paths(folder)}
    if repetitions:
        outputs = {"predictions": outputs["predictions"]}
    return {
        "experiment": resolve(name, {name: SMALL}).for_jobs(), "name": name, "encoders": {},
        "posts": str(data / "posts.parquet"), "folds": str(data / "folds.tsv"), "fold": folds,
        "text": [str(data / "text")], "image": [str(data / "image")],
        "searches": [str(data / f"{fold}.json") for fold in folds], "seed": 42,
        "repetitions": list(repetitions), **outputs,
    }  # fmt: skip


@pytest.mark.parametrize("repetitions", [(), (0, 1)])
def test_folds_in_one_job_are_the_same_bytes_as_each_alone(in_root, data, tmp_path, repetitions):
    def train(*what):
        job.run(["train", json.dumps(arguments(data, *what))])

    train(tmp_path / "together", [0, 1], repetitions)
    for fold in (1, 0):
        for repetition in repetitions or [None]:
            alone = [] if repetition is None else [repetition]
            train(tmp_path / "alone", [fold], alone)
    files = sorted(path for path in (tmp_path / "together").rglob("*") if path.is_file())
    assert len(files) == (4 if repetitions else 10)
    for path in files:
        other = tmp_path / "alone" / path.relative_to(tmp_path / "together")
        assert path.read_bytes() == other.read_bytes(), path
    tables = [read_table(path) for path in files if path.name == "predictions.parquet"]
    by_fold = {table["fold"].iloc[0]: set(table["guid"]) for table in tables}
    assert by_fold[0] != by_fold[1]
    # Repeated runs differ, and from the one that tables show.
    columns = [table["p_neutral"] for table in tables if (table["fold"] == 0).all()]
    assert len({tuple(column) for column in columns}) == len(columns)
    if not repetitions:  # each fold with the settings that were chosen on it
        configs = [yaml.safe_load((tmp_path / f"together/{n}/config.yaml").read_text())
                   for n in (0, 1)]  # fmt: skip
        assert [config["optimiser"]["batch_size"] for config in configs] == [16, 8]


def test_what_takes_long_keeps_a_job_for_each_fold(in_root):
    plan = Plan(yaml.safe_load((ROOT / "config/config.yaml").read_text()), [])
    assert set(plan.experiments) - set(plan.all_folds_in_one_job) == {"v2_enhanced"}


@pytest.mark.parametrize("fraction", [0.5, 1.0])
def test_the_trainer_reads_a_fraction_and_all_posts_give_the_run_of_the_tables(
    in_root, data, tmp_path, fraction
):
    """The row on all posts, and on a fraction, by the same job: only the fold table differs."""
    table = read_table(data / "folds.tsv")
    labels = read_table(data / "posts.parquet")[["guid", "label"]]
    table = table.merge(labels, on="guid").assign(group=table["guid"])
    for name, part in (("whole", 1.0), ("part", fraction)):
        (reduced,) = reduced_folds(table, [part], 3)
        write_table(tmp_path / f"{name}.tsv", reduced if name == "part" else table)
        call = arguments(data, tmp_path / name, [0, 1]) | {"folds": str(tmp_path / f"{name}.tsv")}
        job.run(["train", json.dumps(call)])
    files = sorted(p.relative_to(tmp_path / "whole") for p in (tmp_path / "whole").rglob("*.*"))
    same = [(tmp_path / "whole" / f).read_bytes() == (tmp_path / "part" / f).read_bytes()
            for f in files if f.name == "predictions.parquet"]  # fmt: skip
    assert same == [fraction == 1.0] * 2
    for number in range(2):
        runs = [tmp_path / name / str(number) for name in ("whole", "part")]
        trained = [json.loads((run / "metrics.json").read_text())["train_posts"] for run in runs]
        assert trained[1] == pytest.approx(fraction * trained[0], abs=1)
        whole, part = (read_table(run / "predictions.parquet") for run in runs)
        assert whole[["guid", "subset", "label"]].equals(part[["guid", "subset", "label"]])
