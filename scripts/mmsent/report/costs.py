"""What a run cost, from Snakemake's benchmark files."""

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

#: Rules whose jobs train an experiment, or search its settings.
TRAIN, SEARCH = "train", "search"


def job_costs(
    benchmarks: Sequence[Path], rules: Sequence[str], experiments: Sequence[str]
) -> pd.DataFrame:
    """A row for each job: ``rule``, ``experiment``, ``seconds``, ``memory`` (peak, MiB).

    Parameters
    ----------
    benchmarks, rules, experiments
        The JSON-lines file of each job, its rule, and its experiment or an empty name. Jobs too
        short to be measured have a memory of 0.
    """
    rows = []
    for path, rule, experiment in zip(benchmarks, rules, experiments, strict=True):
        record = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
        rows.append((rule, experiment, float(record["s"]), _number(record.get("max_rss"))))
    return pd.DataFrame(rows, columns=["rule", "experiment", "seconds", "memory"])


def costs_table(jobs: pd.DataFrame) -> pd.DataFrame:
    """Costs by rule, the most expensive first.

    Parameters
    ----------
    jobs
        From :func:`job_costs`.

    Returns
    -------
    pandas.DataFrame
        ``Rule``, ``Jobs``, ``Seconds`` (sum over jobs), ``Seconds a job``, ``Peak memory [MiB]``
        (of the largest job).
    """
    grouped = jobs.groupby("rule").agg(
        jobs=("seconds", "size"),
        seconds=("seconds", "sum"),
        mean=("seconds", "mean"),
        memory=("memory", "max"),
    )
    grouped = grouped.sort_values("seconds", ascending=False).reset_index()
    return pd.DataFrame(
        {
            "Rule": grouped["rule"],
            "Jobs": grouped["jobs"],
            "Seconds": grouped["seconds"].map("{:.1f}".format),
            "Seconds a job": grouped["mean"].map("{:.1f}".format),
            "Peak memory [MiB]": grouped["memory"].map("{:.0f}".format),
        }
    )


def experiment_seconds(jobs: pd.DataFrame) -> pd.DataFrame:
    """Seconds that the runs and the search of each experiment took, over all folds.

    Returns
    -------
    pandas.DataFrame
        ``experiment``, ``train``, ``search``, ``memory`` (of the largest job, MiB). Encoding is
        shared by the experiments and not included.
    """
    table = jobs[jobs["rule"].isin([TRAIN, SEARCH])]
    sums = table.pivot_table(
        index="experiment", columns="rule", values="seconds", aggfunc="sum", fill_value=0.0,
        sort=False,
    )  # fmt: skip
    sums = sums.reindex(columns=[TRAIN, SEARCH], fill_value=0.0).round(1)
    sums["memory"] = table.groupby("experiment")["memory"].max().round(1)
    return sums.rename_axis(columns=None).reset_index()


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
