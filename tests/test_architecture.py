"""The shape of the code: layers, jobs, and what Snakemake is told of them."""

import ast
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker

import job as run_job
from conftest import ROOT
from mmsent.sources import all_sources, imported_modules, sources

LIBRARY = ROOT / "scripts" / "mmsent"

#: Lowest first: a module imports from its own layer and those before.
LAYERS = ["errors labels files tables sources progress processes paths", "config", "data", "demo",
          "encoders", "models", "evaluation", "training", "baselines", "vlm", "figures", "report",
          "plan"]  # fmt: skip

ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))

TEXT = "\n".join(path.read_text() for path in sorted((ROOT / "rules").glob("*.smk")))

#: Name of each rule to the rule that it is a variant of and to what it says; bases begin with "_".
RULES = {
    name: (base, text)
    for base, name, text in re.findall(
        r"^ *use rule (\w+) as (\w+) with:\n(.*?)(?=^ *(?:use rule|rule|for) |\Z)",
        TEXT,
        re.M | re.S,
    )
}
JOBS = sorted(path.stem for path in (ROOT / "scripts/jobs").glob("[a-z]*.py"))


def inherited(name, directive):
    """What a rule, or the nearest one that it is a variant of, says under a directive."""
    if name not in RULES:
        text = TEXT.split("rule _job:")[1].split("use rule")[0]
        return text.split(f"{directive}:")[1].split("\n")[1]
    base, text = RULES[name]
    if f"{directive}:" in text:
        return text.split(f"{directive}:")[1]
    return inherited(base, directive)


#: Names under which packages are imported, where they differ from those of the package index.
IMPORT_NAMES = {"PIL": "pillow", "yaml": "pyyaml", "sklearn": "scikit-learn", "open_clip":
                "open-clip-torch", "markdown_it": "markdown-it-py",
                "vaderSentiment": "vadersentiment"}  # fmt: skip


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


def test_no_modules_import_each_other(in_root):
    graph = {path.relative_to(in_root): imported_modules(path.relative_to(in_root))
             for path in modules() if path.name != "__init__.py"}  # fmt: skip
    done, path = set(), []

    def visit(module):
        assert module not in path, f"import cycle: {[*path[path.index(module) :], module]}"
        if module not in done:
            path.append(module)
            for imported in graph.get(module, ()):
                visit(imported)
            done.add(path.pop())

    for module in graph:
        visit(module)


def test_the_snakefile_is_a_table_of_contents():
    assert len((ROOT / "Snakefile").read_text().splitlines()) < 60


def test_each_rule_names_the_sources_of_a_job_and_each_job_has_a_rule():
    named = {
        name: re.search(r'sources\("(\w+)"\)', inherited(name, "input")).group(1)
        for name in RULES
        if not name.startswith("_")
    }
    assert {*named.values(), "encode"} == set(JOBS)
    for name, job in named.items():
        assert name.startswith(job), name


def test_each_job_is_a_function_of_its_name_with_typed_parameters(in_root):
    for name in JOBS:
        function = run_job.job(name)
        assert function.__doc__
        for parameter in inspect.signature(function).parameters.values():
            assert parameter.annotation is not inspect.Parameter.empty, (name, parameter)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--outer", "5"], "assign_folds: groups: Missing required argument"),
        (["--groups", "none.tsv"], "assign_folds: groups: Value error, none.tsv: no such file"),
        (["--fold", "x"], "unrecognized arguments: --fold"),
    ],
)  # fmt: skip
def test_wrong_options_of_a_job_are_named(in_root, options, message):
    command = [sys.executable, "scripts/job.py", "assign_folds", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr


#: Prints which files of the project each job imports. What others have written is imported once.
IMPORTS = """
import importlib, sys
sys.path.insert(0, "scripts")
for job in sys.argv[1:]:
    importlib.import_module("job"), importlib.import_module(f"jobs.{job}")
    own = [name for name in sys.modules if name.split(".")[0] in ("mmsent", "job", "jobs")]
    print(job, *(sys.modules.pop(name).__file__ for name in own))
"""


@pytest.fixture(scope="module")
def imported_by_python():
    """Files of the project that Python loads for each job, which it does not run."""
    done = subprocess.run([sys.executable, "-c", IMPORTS, *JOBS], cwd=ROOT,
                          capture_output=True, text=True, check=True)  # fmt: skip
    lines = [line.split() for line in done.stdout.splitlines()]
    return {script: {str(Path(file).relative_to(ROOT)) for file in files}
            for script, *files in lines}  # fmt: skip


@pytest.mark.parametrize("job", JOBS)
def test_declared_sources_are_those_that_python_imports(job, in_root, imported_by_python):
    assert imported_by_python[job]
    # Modules that are imported inside a function are declared too, hence not "equal".
    assert imported_by_python[job] <= {*sources(job), "scripts/jobs/__init__.py"}


@pytest.mark.parametrize("path", [*modules(), *sorted((ROOT / "scripts/jobs").glob("*.py"))],
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
    assert {"Snakefile", "rules/data.smk", "scripts/jobs/train.py",
            "scripts/mmsent/report/templates/report.md.j2"} <= listed  # fmt: skip
    for job in JOBS:
        assert set(sources(job)) <= listed


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


@pytest.mark.parametrize("job", JOBS)
def test_each_job_imports_only_what_its_environment_contains(job, in_root):
    # The encoding rules are made in a loop, and name their environment there.
    environment_of = "" if job == "encode" else inherited(job, "conda")
    name = re.search(r"envs/(\w+)\.yaml", environment_of or "envs/torch.yaml").group(1)
    packages = {package.replace("-", "_") for package in environment(name)}
    for source in sources(job):
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
