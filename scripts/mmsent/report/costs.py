"""What a run cost, from Snakemake's benchmark files."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mmsent.report import cells
from mmsent.report.cells import interval, value

#: Kinds of work, and how the names of their rules begin.
_WORK = {
    "Encoding": r"encode_",
    "Training": r"(paper/)?(train|search)",
    "Vision-language model": r"(paper/)?(fine_tune_vlm|predict_zero_shot)",
}


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
    records = [json.loads(path.read_text(encoding="utf-8").splitlines()[-1]) for path in benchmarks]
    jobs = pd.DataFrame({"rule": rules, "experiment": experiments})
    jobs["seconds"] = [float(record["s"]) for record in records]
    memory = [record.get("max_rss") for record in records]
    return jobs.assign(memory=pd.to_numeric(pd.Series(memory), errors="coerce").fillna(0.0))


def costs_table(jobs: pd.DataFrame) -> pd.DataFrame:
    """Costs by rule, the most expensive first: sums over jobs, memory of the largest one."""
    grouped = jobs.groupby("rule").agg(
        jobs=("seconds", "size"),
        seconds=("seconds", "sum"),
        mean=("seconds", "mean"),
        memory=("memory", "max"),
    )
    columns = {
        "Rule": value("rule"),
        "Jobs": value("jobs"),
        "Seconds": value("seconds", "{:.1f}"),
        "Seconds a job": value("mean", "{:.1f}"),
        "Peak memory [MiB]": value("memory", "{:.0f}"),
    }
    return cells.shown(grouped.sort_values("seconds", ascending=False).reset_index(), columns)


def experiment_seconds(jobs: pd.DataFrame) -> pd.DataFrame:
    """Seconds that the runs and the search of each experiment took, over all folds.

    Returns
    -------
    pandas.DataFrame
        ``experiment``, ``train``, ``search``, ``memory`` (of the largest job, MiB). Encoding is
        shared by the experiments and not included.
    """
    rules = ["train", "search"]
    table = jobs[jobs["rule"].isin(rules)]
    sums = table.pivot_table("seconds", "experiment", "rule", "sum", fill_value=0.0, sort=False)
    sums = sums.reindex(columns=rules, fill_value=0.0).round(1)
    sums["memory"] = table.groupby("experiment")["memory"].max().round(1)
    return sums.rename_axis(columns=None).reset_index()


def memory_table(costs: pd.DataFrame) -> pd.DataFrame:
    """The largest job of each kind of work, from :func:`costs_table` or its file."""
    columns = {
        "Work": value("work"),
        "Jobs": value("jobs"),
        "Largest job, by rule": value("Rule"),
        "Peak memory [MiB]": value("memory", "{:,.0f}"),
    }
    costs = costs.assign(memory=costs["Peak memory [MiB]"].astype(float))
    rows = []
    for work, pattern in _WORK.items():
        part = costs[costs["Rule"].str.match(pattern)]
        jobs = part["Jobs"].astype(int).sum()
        rows += [{"work": work, "jobs": jobs, **part.loc[part["memory"].idxmax()]}] if jobs else []
    return cells.shown(rows, columns)


def efficiency_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The table of :func:`mmsent.figures.efficiency.efficiency_rows`."""
    columns = {
        "Experiment": cells.name,
        "Weighted F1": interval("weighted_f1"),
        "Trained parameters": value("trained_parameters", "{:,}"),
        "Seconds": value("seconds", "{:,.1f}"),
        "Peak memory [MiB]": value("memory", "{:,.0f}"),
        "F1 / minute": value("f1_per_minute", "{:.3f}"),
        "Pareto-optimal": lambda row: "yes" if row["efficient"] else "no",
    }
    return cells.shown(rows, columns)
