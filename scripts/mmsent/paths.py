"""The names of all files of a run. No name is parsed.

Arguments may be wildcards of Snakemake (``"{experiment}"``), so that the file that a rule makes and
the file that another one reads have their name from the same function.
"""

from collections.abc import Iterable
from typing import Any

RESULTS = "results"
#: The generated data set.
DEMO = f"{RESULTS}/demo"
#: Embeddings by content, kept when Snakemake removes outputs before it makes them again.
STORE = f"{RESULTS}/store"
#: The study's protocol as a part of paths; the grouped protocol has none.
PAPER = "paper/"
#: In place of a fold, in the name of a job that has all of them.
ALL_FOLDS = "all"

TEXT_INDEX, IMAGE_INDEX = f"{RESULTS}/index/text.tsv", f"{RESULTS}/index/image.tsv"
CHECKED = f"{RESULTS}/data/checked.json"
LISTED, PROBLEMS = f"{RESULTS}/data/listed.parquet", f"{RESULTS}/data/problems.tsv"
POSTS, GROUPS = f"{RESULTS}/data/posts.parquet", f"{RESULTS}/data/groups.tsv"
FOLDS = f"{RESULTS}/data/folds.tsv"
#: Labels of the held-out posts, which no other table has.
TEST_LABELS = f"{RESULTS}/data/test_labels.tsv"
CARD, CARD_NUMBERS = f"{RESULTS}/data/card.md", f"{RESULTS}/data/card.json"
PREFLIGHT = f"{RESULTS}/preflight.json"

#: What a run writes.
PREDICTIONS, HISTORY, METRICS = "predictions.parquet", "history.csv", "metrics.json"
MODEL, CONFIG = "model.safetensors", "config.yaml"

REPORT, HTML = f"{RESULTS}/report.md", f"{RESULTS}/report.html"
SEEDS, COMPARISON = f"{RESULTS}/seeds.md", f"{RESULTS}/comparison.md"
COMPARISON_SCORES = f"{RESULTS}/comparison.csv"
VLM, VLM_SCORES = f"{RESULTS}/vlm.md", f"{RESULTS}/vlm.csv"
LABEL_NOISE, LEARNING_CURVE = "label_noise", "learning_curve"
PROVENANCE, FIXES = f"{RESULTS}/provenance.json", f"{RESULTS}/fixes.json"
COSTS, SECONDS = f"{RESULTS}/costs.tsv", f"{RESULTS}/seconds.tsv"
BAD_CASES, BAD_CASE_IMAGES = f"{RESULTS}/bad_cases.json", f"{RESULTS}/bad_cases/pictures"
#: The mean of the versions' probabilities, as an experiment.
AVERAGE = "average_of_versions"
#: The table of the baselines, in names of files.
BASELINES = "baselines"
ARCHIVE, ARCHIVE_CHECK = f"{RESULTS}/archive.zip", f"{RESULTS}/archive.json"
#: Beside ``results/`` in the archive: name and hash of each file of the data set.
ARCHIVED_HASHES = "data.tsv"
#: What differs from an earlier run, and each prediction that does.
CHANGES, CHANGES_NUMBERS = f"{RESULTS}/changes.md", f"{RESULTS}/changes.json"
CHANGED_PREDICTIONS = f"{RESULTS}/changes.csv"


def embeddings(encoder: str, modality: str, view: str) -> str:
    """The embeddings of a view of all posts."""
    return f"{RESULTS}/embeddings/{encoder}/{modality}.{view}.safetensors"


def short_name(experiment: str) -> str:
    """An experiment's name without its folder."""
    return experiment.removeprefix("ablation/").removeprefix(f"{BASELINES}/")


def stored(encoder: str, modality: str, view: str) -> str:
    """The embeddings of a view that earlier runs made."""
    return f"{STORE}/{encoder}/{modality}.{view}.safetensors"


def encoding_record(encoder: str, modality: str, identity: str) -> str:
    """What views an encoding job has made together."""
    return f"{STORE}/{encoder}/{modality}/{identity}.json"


def seed_folder(repetition: int | str | None) -> str:
    """``""`` of the run that tables show, ``"seed2/"`` of a repeated one."""
    return "" if repetition is None else f"seed{repetition}/"


def fraction_folder(fraction: float | str) -> str:
    """In place of :func:`seed_folder`, for a run on a fraction of the training posts."""
    return f"fraction{fraction}/"


def fraction_folds(fraction: float | str) -> str:
    """The fold table with a fraction of the training posts."""
    return f"{RESULTS}/{LEARNING_CURVE}/{fraction}.tsv"


def analysis(name: str, suffix: str) -> str:
    """The document (md), numbers (json) or table (csv) of an analysis of the labels."""
    return f"{RESULTS}/{name}.{suffix}"


def run(experiment: str, fold: int | str, file: str, protocol: str = "", seed: str = "") -> str:
    """A file of a run: an experiment on a fold, under a protocol, with a seed.

    Parameters
    ----------
    protocol, seed
        Empty or :data:`PAPER`; from :func:`seed_folder` or :func:`fraction_folder`.
    """
    return f"{RESULTS}/{protocol}runs/{experiment}/{seed}{fold}/{file}"


def run_files(
    experiment: str,
    folds: Iterable[int | str] | str,
    protocol: str = "",
    seeds: Iterable[str] = ("",),
    trained: bool = True,
) -> dict[str, Any]:
    """The outputs of runs by name: lists over seeds and folds, or the files of one fold.

    A run that is not ``trained`` has neither history nor weights.
    """
    files = {"predictions": PREDICTIONS, "metrics": METRICS, "config": CONFIG}
    files |= {"history": HISTORY, "model": MODEL} if trained else {}
    if isinstance(folds, str):
        return {name: run(experiment, folds, file, protocol) for name, file in files.items()}
    pairs = [(seed, fold) for seed in seeds for fold in folds]
    return {
        name: [run(experiment, fold, file, protocol, seed) for seed, fold in pairs]
        for name, file in files.items()
    }


def search(experiment: str, fold: int | str, protocol: str = "") -> str:
    """The trials of a search on a fold, and which was chosen."""
    return f"{RESULTS}/{protocol}search/{experiment}/{fold}.json"


def split(share: float | str) -> str:
    """The study's split with this share of the posts for validation."""
    return f"{RESULTS}/paper/split/{share}.tsv"


def metrics(table: str, protocol: str = "") -> str:
    """The metrics of the experiments of a table."""
    return f"{RESULTS}/{protocol}metrics/{table}.json"


def cost(experiment: str, fold: int | str, protocol: str = "") -> str:
    """What a run of a vision-language model took of the device."""
    return f"{RESULTS}/{protocol}costs/vlm/{experiment}/{fold}.json"


def resume(experiment: str, fold: int | str, protocol: str = "") -> str:
    """The state from which an interrupted run of a vision-language model resumes."""
    return f"{RESULTS}/{protocol}states/{experiment}/{fold}.pt"


def seeds(experiment: str, suffix: str) -> str:
    """Scores of repeated runs (csv), or their standard deviations (json)."""
    return f"{RESULTS}/seeds/{experiment}.{suffix}"


def submission(experiment: str, suffix: str) -> str:
    """Predictions of the posts without a label (txt), or their counts (json)."""
    return f"{RESULTS}/submission/{experiment}.{suffix}"


def bad_cases(experiment: str) -> str:
    """The misclassified posts of an experiment."""
    return f"{RESULTS}/bad_cases/{experiment}.csv"


def scores(table: str) -> str:
    """The scores of the experiments of a table."""
    return f"{RESULTS}/{table}.csv"


def document(table: str) -> str:
    """The document of a table."""
    return f"{RESULTS}/{table}.md"


def selection(table: str) -> str:
    """How much the best experiment of a table gains by being selected on the test posts."""
    return f"{RESULTS}/selection/{table}.json"


def baseline(name: str) -> str:
    """The name of a baseline as an experiment."""
    return f"{BASELINES}/{name}"


def paired_tests(table: str, suffix: str = "json") -> str:
    """Paired tests of the experiments of a table."""
    return f"{RESULTS}/paired_tests/{table}.{suffix}"


def held_out(table: str, suffix: str = "json") -> str:
    """Scores and paired tests (json) of the experiments of a table on the held-out posts (csv)."""
    return f"{RESULTS}/test/{table}.{suffix}"


def robustness(table: str) -> str:
    """Scores of the experiments of a table without one of the modalities."""
    return f"{RESULTS}/robustness/{table}.csv"


def slices(table: str) -> str:
    """Scores of the experiments of a table on slices of the posts."""
    return f"{RESULTS}/slices/{table}.csv"


def figure(name: str, suffix: str = "png") -> str:
    """A figure (png, svg), or the numbers that it shows (json)."""
    return f"{RESULTS}/figures/{name}.{suffix}"


def figures(group: str, names: Iterable[str], suffix: str = "png") -> list[str]:
    """The figures of a group, such as the training curves of experiments."""
    return [figure(f"{group}/{name}", suffix) for name in names]


def data_figure(name: str, suffix: str = "png") -> str:
    """A figure of the data set, or its numbers."""
    return f"{RESULTS}/eda/{name}.{suffix}"


def job(rule: str, *parts: int | str, protocol: str = "", seed: str = "") -> str:
    """Name of a job in the names of its log and its benchmark file."""
    return "/".join([f"{protocol}{rule}", *map(str, parts[:-1]), f"{seed}{parts[-1]}"])


def benchmark(job: str) -> str:
    """What a job cost, measured by Snakemake."""
    return f"{RESULTS}/benchmarks/{job}.jsonl"
