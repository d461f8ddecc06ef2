"""Write the table of the model versions."""

from mmsent.report.arguments import write_comparison
from mmsent.report.comparison import versions_table


def main() -> None:
    """Read the command line and write the table as Markdown and CSV."""
    write_comparison(__doc__, versions_table, "versions.md.j2")


if __name__ == "__main__":
    main()
