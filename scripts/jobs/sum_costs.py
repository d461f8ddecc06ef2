"""Sum the costs of the jobs, and plot scores against them."""

from pathlib import Path

import pandas as pd

from mmsent.figures.efficiency import efficiency_figure, efficiency_rows
from mmsent.figures.style import save_figure
from mmsent.files import write_json
from mmsent.report.costs import costs_table, experiment_seconds, job_costs
from mmsent.tables import read_numbers, write_table


def sum_costs(
    benchmarks: list[Path],
    rules: list[str],
    experiments: list[str],
    scores: list[Path],
    costs: Path,
    seconds: Path,
    figure: Path,
    numbers: Path,
) -> None:
    """Write costs by rule and by experiment, and the figure of efficiency.

    Parameters
    ----------
    benchmarks, rules, experiments
        Snakemake's benchmark file of each job, its rule, and its experiment or an empty name.
    scores
        Of each table.
    """
    jobs = job_costs(benchmarks, rules, experiments)
    write_table(costs, costs_table(jobs))
    by_experiment = experiment_seconds(jobs)
    write_table(seconds, by_experiment)
    table = pd.concat(map(read_numbers, scores), ignore_index=True)
    table = table.drop_duplicates("experiment")  # a version may be a row of the ablation as well
    rows = efficiency_rows(table, by_experiment)
    drawn, shown = efficiency_figure(rows, float(table["level"].iloc[0]))
    save_figure(drawn, figure)
    write_json(numbers, shown)
