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
    rows = []
    for path in benchmarks:
        parts = path.parts
        rule = parts[parts.index("benchmarks") + 1].removesuffix(".jsonl")
        record = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
        rows.append((rule, float(record["s"]), _number(record.get("max_rss"))))
    table = pd.DataFrame(rows, columns=["rule", "seconds", "memory"])
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


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
