"""Write the ablation table."""

from mmsent.report.arguments import write_comparison
from mmsent.report.comparison import ablation_table


def main() -> None:
    """Read the command line and write the table as Markdown and CSV."""
    write_comparison(__doc__, ablation_table, "ablation.md.j2")


if __name__ == "__main__":
    main()
