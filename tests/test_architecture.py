"""The shape of the code: layers, sizes, and what Snakemake is told of it."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker

from conftest import ROOT
from mmsent.sources import all_sources, imported_modules, sources

LIBRARY = ROOT / "scripts" / "mmsent"

#: Lowest first: a module imports from its own layer and those before.
LAYERS = ["labels files tables sources progress", "config", "data", "demo", "encoders", "models",
          "evaluation", "training", "vlm", "figures", "report", "workflow"]  # fmt: skip

ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))

RULES = {
    name: text
    for path in sorted((ROOT / "rules").glob("*.smk"))
    for name, text in re.findall(
        r"^\s*rule (\w+):\n(.*?)(?=^\s*(?:rule \w+:|if )|\Z)", path.read_text(), re.M | re.S
    )
}

#: Names under which packages are imported, where they differ from those of the package index.
IMPORT_NAMES = {"PIL": "pillow", "yaml": "pyyaml", "sklearn": "scikit-learn", "open_clip":
                "open-clip-torch", "markdown_it": "markdown-it-py"}  # fmt: skip


def layer(path):
    name = path.relative_to(LIBRARY).parts[0].removesuffix(".py")
    return next(n for n, names in enumerate(LAYERS) if name in names.split())


def modules():
    return [path for path in sorted(LIBRARY.rglob("*.py")) if path != LIBRARY / "__init__.py"]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_no_module_imports_upwards(path, in_root):
    for imported in imported_modules(path.relative_to(in_root)):
        if imported.name != "__init__.py" or imported.parent.name != "mmsent":
            assert layer(in_root / imported) <= layer(path), imported


@pytest.mark.parametrize("path", [*modules(), *sorted((ROOT / "scripts").glob("*.py"))],
                         ids=lambda path: path.name)  # fmt: skip
def test_files_and_functions_are_short(path):
    text = path.read_text()
    assert len(text.splitlines()) < 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            limit = 50 if node.name == "main" else 60
            assert node.end_lineno - node.lineno < limit, node.name


def test_the_snakefile_is_a_table_of_contents():
    assert len((ROOT / "Snakefile").read_text().splitlines()) < 60


def test_each_rule_runs_the_script_of_its_name_and_names_its_sources():
    scripts = {path.stem for path in (ROOT / "scripts").glob("*.py")}
    assert set(RULES) == scripts
    for name, text in RULES.items():
        assert f'code=sources("{name}")' in text, name
        assert "python {input.code[0]:q}" in text, name


@pytest.mark.parametrize("name", sorted(RULES))
def test_each_rule_says_what_it_needs(name):
    for directive in ("conda:", "threads:", "log:", "benchmark:", "message:", "gpu="):
        assert directive in RULES[name], directive


#: Prints which files of the library each script imports. What others have written is imported once.
IMPORTS = """
import runpy, sys
sys.path.insert(0, "scripts")
for script in sys.argv[1:]:
    runpy.run_path(f"scripts/{script}.py", run_name="imported")
    own = [name for name in sys.modules if name.split(".")[0] == "mmsent"]
    print(script, *(sys.modules.pop(name).__file__ for name in own))
"""


@pytest.fixture(scope="module")
def imported_by_python():
    """Files of the library that Python loads for each script, which it does not run."""
    done = subprocess.run([sys.executable, "-c", IMPORTS, *sorted(RULES)], cwd=ROOT,
                          capture_output=True, text=True, check=True)  # fmt: skip
    lines = [line.split() for line in done.stdout.splitlines()]
    return {script: {str(Path(file).relative_to(ROOT)) for file in files}
            for script, *files in lines}  # fmt: skip


@pytest.mark.parametrize("script", sorted(RULES))
def test_declared_sources_are_those_that_python_imports(script, in_root, imported_by_python):
    assert imported_by_python[script]
    # Modules that are imported inside a function are declared too, hence not "equal".
    assert imported_by_python[script] <= set(sources(script))


@pytest.mark.parametrize("path", [*modules(), *sorted((ROOT / "scripts").glob("*.py"))],
                         ids=lambda path: path.name)  # fmt: skip
def test_imports_are_found_as_python_reads_them(path, in_root):
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    files = set()
    for name in names:
        parts = name.split(".")
        if parts[0] == "mmsent":
            folders = (Path("scripts", *parts[:n], "__init__.py") for n in range(1, len(parts) + 1))
            files |= {*folders, Path("scripts", *parts).with_suffix(".py")}
    assert imported_modules(path.relative_to(in_root)) == {f for f in files if f.is_file()}


def test_all_sources_hold_every_file_of_the_workflow(in_root):
    listed = set(all_sources())
    assert {"Snakefile", "rules/data.smk", "scripts/train.py",
            "scripts/mmsent/report/templates/report.md.j2"} <= listed  # fmt: skip
    for name in RULES:
        assert set(sources(name)) <= listed


def locked():
    """Versions of requirements.txt for the Python of the environments."""
    versions = {}
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        found = re.match(r"([a-z0-9._-]+)==([^\s;]+)\s*(?:;\s*([^\\]+))?", line)
        if found:
            name, version, marker = found.groups()
            environment = {"python_version": "3.11", "python_full_version": "3.11.7",
                           "sys_platform": "linux", "platform_machine": "x86_64"}  # fmt: skip
            if not marker or Marker(marker.strip()).evaluate(environment):
                versions[name] = version
    return versions


def environment(name):
    content = yaml.safe_load((ROOT / "envs" / f"{name}.yaml").read_text())
    (pip,) = [item["pip"] for item in content["dependencies"] if isinstance(item, dict)]
    return dict(package.split("==") for package in pip)


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_conda_environments_pin_the_versions_of_the_lock(path):
    content = yaml.safe_load(path.read_text())
    assert content["channels"] == ["conda-forge", "nodefaults"]
    python, pip, _ = content["dependencies"]
    assert re.fullmatch(r"python ==3\.11\.\d+", python)
    assert re.fullmatch(r"pip ==\d+\.\d+", pip)
    lock = locked()
    for package, version in environment(path.stem).items():
        assert lock[package] == version, package


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_conda_environments_are_what_make_lock_writes(path, in_root):
    done = subprocess.run(
        [sys.executable, "-c", "import sys, pin; print(pin.pinned(open(sys.argv[1]).read(), "
         "pin.pins(sys.argv[2])), end='')", path, path.stem],
        capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": "envs"},
    )  # fmt: skip
    assert path.read_text() == done.stdout


@pytest.mark.parametrize("name", ["data", "report"])
def test_light_environments_hold_nothing_heavy(name):
    assert not environment(name).keys() & {"torch", "transformers", "triton", "nvidia-cublas"}


@pytest.mark.parametrize("rule", sorted(RULES))
def test_each_rule_imports_only_what_its_environment_holds(rule, in_root):
    name = re.search(r"envs/(\w+)\.yaml", RULES[rule]).group(1)
    packages = {package.replace("-", "_") for package in environment(name)}
    for source in sources(rule):
        for node in ast.walk(ast.parse(Path(source).read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for imported in names:
                top = imported.split(".")[0]
                if top not in sys.stdlib_module_names and top != "mmsent":
                    wanted = IMPORT_NAMES.get(top, top).replace("-", "_")
                    assert wanted in packages, f"{source} imports {top}"


def test_locks_carry_hashes_and_no_addresses():
    for name in ("requirements.txt", "requirements-uv.txt"):
        text = (ROOT / name).read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
