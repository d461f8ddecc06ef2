"""Documents as readers see them, from small inputs. After a wanted change: ``pytest
tests/test_documents.py --snapshot-update``, and read the difference."""

import pandas as pd
import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from jobs.write_comparison import write_comparison
from mmsent.labels import LABELS
from mmsent.report.render import rendered
from mmsent.report.statistics import support_values
from mmsent.report.table import table_values
from reports import PRINTED, report

METRICS = ["weighted_f1", "accuracy", "macro_f1", "mcc", "ece", "ece_scaled"]
METRICS += [f"{kind}_{label}" for label in LABELS for kind in ("precision", "recall", "f1")]


class Markdown(SingleFileSnapshotExtension):
    file_extension = "md"
    _write_mode = WriteMode.TEXT


@pytest.fixture
def snapshot(snapshot):
    return snapshot.use_extension(Markdown)


def with_ends(name, value):
    return {name: value, f"{name}_low": value - 0.05, f"{name}_high": value + 0.04}


def scored(experiment, score, **more):
    """A row of scores, each metric with another value."""
    row = {"experiment": experiment, "posts": 1234, "groups": 1200, "resamples": 2000,
           "level": 0.95, "train_posts": 900.4, "trained_parameters": 1234567, "epochs": 12,
           "mean_best_epoch": 4.25, "log_loss": 0.61239, "log_loss_scaled": 0.5,
           "temperature": 1.256, "validation_weighted_f1": score + 0.1}  # fmt: skip
    for number, metric in enumerate(METRICS):
        row |= with_ends(metric, score - 0.0123 * number)
    return row | more


def paper(score):
    row = with_ends("paper_weighted_f1", score + 0.05) | {
        "paper_accuracy": score,
        "paper_gap": 0.05,
    }
    return row | {"paper_train_posts": 987, "paper_posts": 247, "paper_with_twin": 31}


SCORES = pd.DataFrame([
    scored("v4_balanced_clip", 0.70004, best_set=False, modality="text", **paper(0.7)),
    scored("v6_adaptive", 0.80006, best_set=True, modality="both", fusion="adaptive",
           over_text_percent=14.28, **with_ends("over_text", 0.1), **paper(0.8)),
])  # fmt: skip


SELECTION = {"experiments": 2, "weighted_f1": 0.00234, "if_equal": 0.00567}


def paired():
    """The tests of two versions: a step that is a gain, and the same against the best."""
    pair = {"first": "v6_adaptive", "second": "v4_balanced_clip", "verdict": "better"}
    for metric, p in (("weighted_f1", 0.0004), ("macro_f1", 0.02), ("accuracy", 0.03)):
        pair[metric] = {"difference": 0.1, "low": 0.0123, "high": 0.1987, "p_holm": p}
    pair["mcnemar"] = {"first_only": 63, "second_only": 23, "p_holm": 0.0312}
    families = {"consecutive": [pair], "over_text": [pair], "best_other": [pair]}
    return {"families": families, "groups": 1200, "resamples": 4000, "level": 0.95,
            "seeds": {"weighted_f1": {"sd": 0.0057}}}  # fmt: skip


@pytest.mark.parametrize("table", ["versions", "ablation"])
def test_table(snapshot, table):
    robustness = pd.DataFrame([
        {"experiment": "v6_adaptive", "dropped": "image", "intact": 0.80006,
         **with_ends("weighted_f1", 0.61), **with_ends("loss", 0.19),
         "trained_without": "v4_balanced_clip", "trained_weighted_f1": 0.70004,
         **with_ends("difference", -0.09)}
    ])  # fmt: skip
    rows = []
    for kind, part, posts in (
        ("text", "empty", 0),
        ("text", "long", 600),
        ("confidence", "low", 9),
    ):
        for name, score in (("v4_balanced_clip", 0.6), ("v6_adaptive", 0.75)):
            gain = with_ends(
                "difference", 0.15 if posts and name == "v6_adaptive" else float("nan")
            )
            rows.append({"kind": kind, "slice": part, "experiment": name, "posts": posts,
                         "accuracy": 0.5, "share": 0.0123, **with_ends("weighted_f1", score),
                         **gain})  # fmt: skip
    experiments = [
        {"title": "Balanced CLIP", "section": "5", "changes": "More weight for neutral"},
        {"title": "Adaptive fusion", "section": "6.2", "changes": "Three fusions and a gate"},
    ]
    values = table_values(table, SCORES, paired(), PRINTED)
    values |= support_values(SCORES, robustness, pd.DataFrame(rows)) | {"selection": SELECTION}
    text = rendered("table.md.j2", name=table, experiments=experiments, **values)
    assert text == snapshot


def test_comparison(snapshot, tmp_path):
    vlm = scored("qwen2_vl_2b", 0.3, beside="qwen2_vl_2b", exercise=True)
    write_comparison(SCORES, paired(), SELECTION, [pd.DataFrame([vlm])], PRINTED,
                     tmp_path / "document.md", tmp_path / "table.csv")  # fmt: skip
    assert (tmp_path / "document.md").read_text() == snapshot


def test_report(snapshot, monkeypatch):
    def settings(name):
        return {"title": f"Title of {name}", "section": "4", "changes": f"changes of {name}",
                "modality": "both", "fusion": "adaptive" if name == "v6_adaptive" else "late",
                "text": {"encoder": "clip", "max_tokens": None}, "image": {"encoder": "clip"},
                "schedule": {"epochs": 15}, "search": None}  # fmt: skip

    monkeypatch.setattr("reports.settings_of", settings)
    versions = {"v4_balanced_clip": 0.6, "v6_adaptive": 0.9}
    assert report(versions, ablation={}, unlabelled=3) == snapshot
