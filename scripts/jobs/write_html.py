"""Make the report one page for a browser."""

from pathlib import Path

from mmsent.files import write_text
from mmsent.report.page import page


def write_html(report: Path, figures: list[Path], html: Path) -> None:
    """Write the page; ``figures`` are the images in it, drawings (SVG) beside them, or folders."""
    write_text(html, page(report, figures))
