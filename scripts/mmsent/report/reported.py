"""The figures that the study prints."""

from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import BeforeValidator

from mmsent.report.cells import Cell
from mmsent.tables import reading


class PrintedFigures:
    """The study's figures, from config/paper_results.csv."""

    def __init__(self, path: str | Path) -> None:
        """Read the figures.

        Raises
        ------
        ValueError
            If the file has other columns, or a figure twice.
        """
        table = pd.read_csv(path, keep_default_na=False)
        expected = ["section", "row", "metric", "value", "note"]
        if list(table.columns) != expected:
            raise ValueError(f"{path}: columns must be {', '.join(expected)}")
        twice = table[table.duplicated(["section", "row", "metric"])]
        if len(twice):
            raise ValueError(f"{path}: named twice: {twice.iloc[0].tolist()[:3]}")
        self.table = table.sort_values("section", kind="stable")

    def _values(self, row: str, metric: str) -> "pd.Series[float]":
        table = self.table
        return table.loc[(table["row"] == row) & (table["metric"] == metric), "value"]

    def value(self, row: str, metric: str) -> float | None:
        """A printed figure, or None; of several sections the last one's."""
        values = self._values(row, metric)
        return None if values.empty else float(values.iloc[-1])

    def rows(self, section: int) -> list[str]:
        """The rows that a section prints, in its order."""
        return list(self.table.loc[self.table["section"] == section, "row"].unique())

    def text(self, row: str, metric: str, digits: int = 4) -> str:
        """A printed figure as tables show it; where two sections differ, both."""
        values = [f"{value:.{digits}f}" for value in self._values(row, metric)]
        return " / ".join(dict.fromkeys(values)) or "-"

    def cell(self, metric: str, digits: int = 4) -> Cell:
        """The printed figure of a row's experiment."""
        return lambda row: self.text(row["experiment"], metric, digits)


#: A parameter that is read from the path of the study's figures.
Reported = Annotated[PrintedFigures, BeforeValidator(reading(PrintedFigures))]
