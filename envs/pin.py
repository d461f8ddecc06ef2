"""Pin every environment: the packages of its group in pyproject.toml, and all that these need.

The versions are those of requirements.txt, so that a rule computes with the same packages in an
environment of its own as in the one of `make setup`. `make lock` calls this.
"""

import re
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent

#: Of the environments; their python.
PYTHON, PLATFORM = "3.11", "linux"


def pins(group: str) -> list[str]:
    """``name==version`` of all packages of a group of pyproject.toml, and of what these need.

    Raises
    ------
    subprocess.CalledProcessError
        If requirements.txt has not what the group asks for.
    """
    command = ["uv", "pip", "compile", "--quiet", "--group", group]
    command += ["--constraints", "requirements.txt", "--no-header", "--no-annotate"]
    command += ["--python-version", PYTHON, "--python-platform", PLATFORM]
    done = subprocess.run(command, cwd=FOLDER.parent, capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if re.match(r"[a-z0-9]", line)]


def pinned(content: str, packages: list[str]) -> str:
    """The content of an environment's file with other packages in its section for pip."""
    head, _, _ = content.partition("  - pip:\n")
    return f"{head}  - pip:\n" + "".join(f"      - {package}\n" for package in packages)


def main() -> None:
    """Write the files anew."""
    for path in sorted(FOLDER.glob("*.yaml")):
        path.write_text(pinned(path.read_text(encoding="utf-8"), pins(path.stem)), encoding="utf-8")


if __name__ == "__main__":
    main()
