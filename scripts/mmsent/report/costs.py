"""What a run cost, from Snakemake's benchmark files."""

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd


def costs_table(benchmarks: Iterable[Path]) -> pd.DataFrame:
    """Costs by rule, the most expensive first.

    Parameters
    ----------
    benchmarks
        JSON-lines files ``.../benchmarks/{rule}.jsonl`` or ``.../benchmarks/{rule}/....jsonl``.

    Returns
    -------
    pandas.DataFrame
        ``Rule``, ``Jobs``, ``Seconds`` (sum over jobs), ``Seconds a job``, ``Peak memory [MiB]``
        (largest of a job; jobs too short to be measured count 0).
    """
    table = _jobs(benchmarks)
    grouped = table.groupby("rule").agg(
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


def experiment_seconds(benchmarks: Iterable[Path]) -> pd.DataFrame:
    """Seconds that each experiment's runs and search took, over all folds, and their memory.

    Returns
    -------
    pandas.DataFrame
        ``experiment``, ``train``, ``search``, ``memory`` (largest of a job, MiB). What encoding
        took is shared and not in it.
    """
    table = _jobs(benchmarks)
    table = table[table["rule"].isin(["train", "search"])]
    sums = table.pivot_table(
        index="experiment", columns="rule", values="seconds", aggfunc="sum", fill_value=0.0,
        sort=False,
    )  # fmt: skip
    sums = sums.reindex(columns=["train", "search"], fill_value=0.0).round(1)
    sums["memory"] = table.groupby("experiment")["memory"].max().round(1)
    return sums.rename_axis(columns=None).reset_index()


def _jobs(benchmarks: Iterable[Path]) -> pd.DataFrame:
    """A row for each job: ``rule``, ``experiment`` (of jobs by fold), ``seconds``, ``memory``."""
    rows = []
    for path in benchmarks:
        parts = path.with_suffix("").parts
        below = parts[parts.index("benchmarks") + 1 :]
        if below[0] == "paper":  # the paper protocol's jobs are a cost of their own
            below = (f"paper/{below[1]}", *below[2:])
        record = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
        seconds, memory = float(record["s"]), _number(record.get("max_rss"))
        rows.append((below[0], "/".join(below[1:-1]), seconds, memory))
    return pd.DataFrame(rows, columns=["rule", "experiment", "seconds", "memory"])


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
