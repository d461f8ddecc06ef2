"""Sum the costs of the jobs, and plot scores against them."""

from pathlib import Path

import pandas as pd

from mmsent.figures.efficiency import efficiency_figure, efficiency_rows
from mmsent.figures.style import save_figure
from mmsent.files import write_json
from mmsent.report.costs import costs_table, experiment_seconds, job_costs
from mmsent.tables import Numbers, write_table


def sum_costs(
    benchmarks: list[Path],
    rules: list[str],
    experiments: list[str],
    scores: list[Numbers],
    costs: Path,
    seconds: Path,
    figure: Path,
    numbers: Path,
) -> None:
    """Write costs by rule and by experiment, and the figure of efficiency.

    Parameters
    ----------
    benchmarks, rules, experiments
        See :func:`mmsent.report.costs.job_costs`.
    """
    jobs = job_costs(benchmarks, rules, experiments)
    by_experiment = experiment_seconds(jobs)
    write_table(costs, costs_table(jobs))
    write_table(seconds, by_experiment)
    # A version may be a row of the ablation as well.
    table = pd.concat(scores, ignore_index=True).drop_duplicates("experiment")
    rows = efficiency_rows(table, by_experiment)
    drawn, shown = efficiency_figure(rows, float(table["level"].iloc[0]))
    save_figure(drawn, figure)
    write_json(numbers, shown)
