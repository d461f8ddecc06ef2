"""Baselines: what they predict, of which posts they know the label, and what they are tested on."""

import contextlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import checkpoints
from conftest import ROOT, write_rows
from jobs.average_versions import average_versions
from jobs.evaluate_baselines import evaluate_baselines
from jobs.train_baselines import train_baselines
from jobs.write_baselines import write_baselines
from mmsent import paths
from mmsent.baselines.lexicon import (
    LEAST_ENGLISH,
    answer_probabilities,
    english_fraction,
    lexicon_answers,
)
from mmsent.baselines.linear_probe import PENALTIES
from mmsent.baselines.zero_shot_clip import PROMPTS, zero_shot
from mmsent.config.baselines import BASELINES
from mmsent.config.encoders import OpenClip, TransformersClip
from mmsent.config.validation import ConfigError
from mmsent.data.fractions import reduced_folds
from mmsent.encoders.embeddings import BLANK
from mmsent.evaluation.paired import compared
from mmsent.evaluation.selection import selection_optimism
from mmsent.files import read_json
from mmsent.labels import LABELS
from mmsent.plan.plan import Plan
from mmsent.tables import read_table
from predictions import guesses, predictions

POSTS, FOLDS, UNLABELLED = 150, 3, 5
WORDS = {0: "I hate this terrible thing", 1: "the train to the city", 2: "what a lovely day"}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Posts, folds and states, of which each modality has information of its own."""
    folder = tmp_path_factory.mktemp("baselines")
    generator = np.random.default_rng(4)
    number = POSTS + UNLABELLED
    label = generator.choice(3, number, p=[0.2, 0.3, 0.5])
    text = [WORDS[k] if generator.random() < 0.8 else "it is what it is" for k in label]
    posts = pd.DataFrame({"guid": [str(n) for n in range(number)], "label": label, "text": text})
    posts["subset"] = np.where(np.arange(number) < POSTS, "labelled", "unlabelled")
    posts.loc[POSTS:, "label"] = -1
    posts = posts.assign(text_blanked=False, image_blanked=False)
    folds = posts.loc[: POSTS - 1, ["guid", "label"]].assign(group=lambda t: t["guid"])
    folds["fold"] = np.arange(POSTS) % FOLDS
    for fold in range(FOLDS):
        rest = np.where(np.arange(POSTS) % 4 == 0, "validation", "train")
        folds[f"split_{fold}"] = np.where(folds["fold"] == fold, "test", rest)
    guids = [*posts["guid"], BLANK]
    for place, (name, array) in enumerate((("text", "mean"), ("image", "state"))):
        states = generator.normal(size=(number + 1, 12))
        states[:number, place] += label
        write_rows(folder / f"{name}.safetensors", {array: states.astype(np.float32)}, guids)
    return posts, folds, folder


def trained(inputs, folder, names=tuple(BASELINES), posts=None, clip=None):
    """Predictions and metrics of baselines on each fold, as the job writes them."""
    given, folds, states = inputs
    files = {
        kind: {name: [folder / name / str(n) / file for n in range(FOLDS)] for name in names}
        for kind, file in (("predictions", "p.parquet"), ("metrics", "m.json"))
    }
    train_baselines(
        given if posts is None else posts, folds, list(range(FOLDS)),
        [states / "text.safetensors"], [states / "image.safetensors"], "mean", clip, **files,
    )  # fmt: skip
    return (
        {name: [read_table(path) for path in runs] for name, runs in files["predictions"].items()},
        {name: [read_json(path) for path in runs] for name, runs in files["metrics"].items()},
    )


@pytest.fixture(scope="module")
def runs(inputs, tmp_path_factory):
    return trained(inputs, tmp_path_factory.mktemp("runs"))


def stored(inputs, modality):
    from safetensors.numpy import load_file

    (states,) = load_file(inputs[2] / f"{modality}.safetensors").values()
    return states.astype(np.float32)


@pytest.mark.parametrize("modality", ["text", "image", "both"])
def test_the_probe_is_that_of_scikit_learn(inputs, runs, modality):
    posts, folds, _ = inputs
    parts = ("text", "image") if modality == "both" else (modality,)
    features = np.hstack([stored(inputs, part) for part in parts])
    for fold in range(FOLDS):
        split = posts["guid"].map(folds.set_index("guid")[f"split_{fold}"])
        train, validation, test = (
            np.flatnonzero(split == s) for s in ("train", "validation", "test")
        )

        def fitted(c, rows):
            model = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=1000))
            return model.fit(features[rows], posts["label"].to_numpy()[rows])

        losses = {
            c: log_loss(
                posts["label"][validation], fitted(c, train).predict_proba(features[validation])
            )
            for c in PENALTIES
        }
        best = min(losses, key=losses.get)
        table, record = runs[0][f"probe_{modality}"][fold], runs[1][f"probe_{modality}"][fold]
        assert record["c"] == best
        for rows, subset, model in (
            (test, "test", fitted(best, np.concatenate([train, validation]))),
            (validation, "validation", fitted(best, train)),
        ):
            part = table[table["subset"] == subset]
            assert part["guid"].tolist() == posts["guid"][rows].tolist()
            expected = model.predict_proba(features[rows])
            np.testing.assert_allclose(part[LABELS.probability_columns], expected, atol=2e-3)


def test_the_probe_reads_a_fraction_of_the_posts_and_all_of_them_give_its_run(
    inputs, runs, tmp_path
):
    posts, folds, states = inputs
    part, whole = reduced_folds(folds, [0.25, 1.0], 3)
    for name, table in (("part", part), ("whole", whole)):
        made = trained((posts, table, states), tmp_path / name, ["probe_both"])
        tables, records = (kind["probe_both"] for kind in made)
        for fold in range(FOLDS):
            expected = runs[0]["probe_both"][fold]
            assert tables[fold].equals(expected) == (name == "whole")
            columns = ["guid", "subset", "label"]
            assert tables[fold][columns].equals(expected[columns])
            fitted = table[f"refit_{fold}"]
            assert records[fold]["train_posts"] == fitted.sum()
    # By hand: the penalty of the fraction's training posts, fitted on the fraction of both.
    features = np.hstack([stored(inputs, kind) for kind in ("text", "image")])[:POSTS]
    record = read_json(tmp_path / "part/probe_both/0/m.json")
    model = make_pipeline(StandardScaler(), LogisticRegression(C=record["c"], max_iter=1000))
    rows = part["refit_0"].to_numpy()
    model.fit(features[rows], part["label"][rows])
    table = read_table(tmp_path / "part/probe_both/0/p.parquet")
    test = features[(part["split_0"] == "test").to_numpy()]
    written = table.loc[table["subset"] == "test", LABELS.probability_columns]
    np.testing.assert_allclose(written, model.predict_proba(test), atol=2e-3)


def test_every_baseline_keeps_the_contract_of_predictions(runs):
    for name, tables in runs[0].items():
        if name == "zero_shot_clip":
            continue
        expected = {"validation", "test", "unlabelled"}
        expected |= {"test_without_text", "test_without_image"} if name == "probe_both" else set()
        for table in tables:
            assert set(table["subset"]) == expected, name
            chances = table[LABELS.probability_columns].to_numpy()
            np.testing.assert_allclose(chances.sum(1), 1, atol=1e-9)
            assert (chances.argmax(1) == table["predicted"]).all(), name


def test_a_blank_modality_is_the_blank_row_of_the_embeddings(inputs, runs):
    table = runs[0]["probe_both"][0]
    intact, without = (table[table["subset"] == s] for s in ("test", "test_without_text"))
    assert intact["guid"].tolist() == without["guid"].tolist()
    difference = (
        intact[LABELS.probability_columns].to_numpy()
        - without[LABELS.probability_columns].to_numpy()
    )
    assert np.abs(difference).max() > 0.05


def test_test_labels_choose_nothing(inputs, runs, tmp_path):
    posts, folds, _ = inputs
    tested = posts["guid"].isin(folds.loc[folds["fold"] == 0, "guid"])
    other = posts.assign(label=np.where(tested, (posts["label"] + 1) % 3, posts["label"]))
    predicted, records = trained(inputs, tmp_path, posts=other)
    for name, tables in runs[0].items():
        pd.testing.assert_frame_equal(
            tables[0].drop(columns="label"), predicted[name][0].drop(columns="label")
        )
        assert records[name][0] == runs[1][name][0]
    # They are training posts of another fold: there, something follows from them.
    assert not predicted["probe_both"][1].equals(runs[0]["probe_both"][1])


def test_the_majority_class_has_the_log_loss_of_its_fractions(inputs, runs):
    posts, folds, _ = inputs
    for fold, table in enumerate(runs[0]["majority"]):
        label = posts["label"][: len(folds)][folds[f"split_{fold}"] == "train"]
        fractions = label.value_counts(normalize=True).sort_index().to_numpy()
        test = table[table["subset"] == "test"]
        assert set(test["predicted"]) == {label.mode()[0]}
        expected = log_loss(test["label"], np.tile(fractions, (len(test), 1)))
        assert log_loss(test["label"], test[LABELS.probability_columns]) == pytest.approx(expected)


def test_tf_idf_knows_words_of_its_training_posts_alone(inputs, runs, tmp_path):
    posts, folds, _ = inputs
    test = runs[0]["tfidf"][0].query("subset == 'test'")
    assert f1_score(test["label"], test["predicted"], average="weighted") > 0.7
    # Unknown words are none: such posts get what an empty text gets.
    tested = posts["guid"].isin(folds.loc[folds["fold"] == 0, "guid"])
    texts = [np.where(tested, text, posts["text"]) for text in ("ΨΩ", "ЖЩ")]
    first, second = (
        trained(inputs, tmp_path / str(n), ["tfidf"], posts.assign(text=text))[0]["tfidf"][0]
        for n, text in enumerate(texts)
    )
    pd.testing.assert_frame_equal(first, second)


# The lexicon.


def test_the_lexicon_answers_as_its_authors_say():
    texts = ["VADER is smart, handsome, and funny!", "The book was good.", "Today sux",
             "It is on the table", "not good at all", "I 😍 this", ""]  # fmt: skip
    names = [LABELS[k] for k in lexicon_answers(texts)]
    assert names == ["positive", "positive", "negative", "neutral", "negative", "positive",
                     "neutral"]  # fmt: skip


def test_an_answer_is_as_probable_as_it_is_correct_and_always_the_most_probable():
    answers = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2])
    labels = np.array([0, 0, 0, 2, 2, 2, 2, 0, 2, 0])
    chances = answer_probabilities(answers, labels, np.arange(9))
    np.testing.assert_allclose(chances.sum(1), 1)
    assert chances.argmax(1).tolist() == answers.tolist()
    assert chances[0, 0] == pytest.approx((3 + 1) / (4 + 2))
    assert chances[4, 1] < 0.35  # never correct
    # The last label is not read.
    other = answer_probabilities(answers, np.append(labels[:-1], 2), np.arange(9))
    assert (other == chances).all()


ENGLISH = ["RT @a: What a great day at the beach with my family! http://t.co/x #fun",
           "why is it so cold in here today", "So proud of you"]  # fmt: skip
OTHERS = {
    "German": "Das war ein schöner Tag am Strand mit der Familie! Was für ein Tor, so gut wie nie.",
    "French": "Une belle journée à la plage avec ma famille. On me dit qu'il fait si froid.",
    "Spanish": "Un gran día en la playa con mi familia. No me lo puedo creer, qué gol.",
    "Dutch": "Wat een doelpunt in de laatste minuut! Het was zo koud, is dit april of januari?",
    "Chinese": "今天和家人在海边度过了美好的一天",
}


@pytest.mark.parametrize("language", OTHERS)
def test_the_lexicon_is_left_out_where_texts_are_not_english(inputs, tmp_path, language):
    assert english_fraction(ENGLISH) > 3 * LEAST_ENGLISH
    assert english_fraction([OTHERS[language]]) < LEAST_ENGLISH / 2
    posts = inputs[0].assign(text=OTHERS[language])
    predicted, records = trained(inputs, tmp_path, ["vader"], posts)
    assert all(table.empty for table in predicted["vader"])
    assert "the texts are not English" in records["vader"][0]["left_out"]


# Zero-shot.


@pytest.fixture(scope="module", params=["transformers", "open_clip"])
def clip(request, tmp_path_factory):
    """A small CLIP, the settings that name it, and what it makes of texts and images."""
    folder = tmp_path_factory.mktemp("clip")
    kind = request.param
    model = (
        checkpoints.transformers_clip(folder)
        if kind == "transformers"
        else checkpoints.open_clip_model(folder)
    )
    files = {"transformers": "model.safetensors", "open_clip": "open_clip_model.safetensors"}
    from mmsent.files import sha256_file

    cls = TransformersClip if kind == "transformers" else OpenClip
    settings = cls(
        kind=kind,
        source=str(folder),
        sha256=sha256_file(folder / files[kind]),
        max_length=77 if kind == "transformers" else 24,
    )
    return kind, model, {"clip": settings.model_dump()}, folder


def test_zero_shot_is_the_softmax_of_the_clips_own_similarities(clip):
    kind, model, spec, folder = clip
    pixels = torch.rand(4, 3, 32, 32)
    with torch.inference_mode():
        if kind == "transformers":
            from transformers import CLIPTokenizer

            tokenizer = CLIPTokenizer.from_pretrained(folder)
            vision = model.vision_model(pixel_values=pixels)
            states, images = (
                vision.last_hidden_state[:, 0],
                model.visual_projection(vision.pooler_output),
            )

            def encode(texts):
                # One by one: what the small tokenizer does not know is an end of text, too.
                tokens = [tokenizer(text, return_tensors="pt") for text in texts]
                ends = [model.text_model(**t).last_hidden_state[0, -1] for t in tokens]
                return model.text_projection(torch.stack(ends))
        else:
            import open_clip

            tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
            images, encode = (
                model.encode_image(pixels),
                lambda texts: model.encode_text(tokenizer(texts)),
            )
            from mmsent.encoders.load import load_tower

            states = load_tower(spec, "image").model(pixels)
        classes = []
        for label in LABELS:
            vectors = encode([prompt.format(label) for prompt in PROMPTS])
            classes.append(torch.nn.functional.normalize(vectors, dim=1).mean(0))
        classes = torch.nn.functional.normalize(torch.stack(classes), dim=1)
        images = torch.nn.functional.normalize(images, dim=1)
        expected = softmax(100 * (images @ classes.T).double().numpy(), axis=1)
    np.testing.assert_allclose(zero_shot(spec, states.numpy()), expected, atol=1e-3)


def test_zero_shot_is_left_out_without_a_clip(runs):
    assert runs[1]["zero_shot_clip"][0] == {"left_out": "the images are not encoded by a CLIP"}


# The plan.


def plan(**settings):
    with contextlib.chdir(ROOT):
        config = yaml.safe_load(Path("config/config.yaml").read_text())
        return Plan(config | settings, [Path("config/config.yaml")])


def test_baselines_read_what_the_ablation_reads_and_encode_nothing():
    with_them, without = plan(), plan(baselines=[])
    assert with_them.frozen("text") == [paths.embeddings("clip", "text", "whitespace")]
    assert with_them.frozen("image") == [paths.embeddings("clip", "image", "evaluation")]
    assert with_them.baseline_training["pooling"] == "mean"
    assert with_them.baseline_training["clip"] is None
    assert with_them.encodings == without.encodings
    documents = set(with_them.documents) - set(without.documents)
    assert documents == {"results/baselines.md"}
    assert not [path for path in without.documents if "baseline" in path]
    assert without.average == []


def test_a_real_clip_is_classified_with_and_a_network_of_pixels_probes_no_image():
    assert plan(profile="paper").baseline_training["clip"]["clip"]["kind"] == "transformers"
    alone = plan(versions=["v1_baseline"], ablation=[], seeds={"experiments": []})
    assert alone.frozen("image") == []
    assert alone.baseline_training["pooling"] == "first"


def test_a_baseline_that_does_not_exist_is_named_with_the_nearest():
    with pytest.raises(
        ConfigError, match=r"baselines\.1: .*'probe_txt'.*did you mean 'probe_text'"
    ):
        plan(baselines=["majority", "probe_txt"])


# Tests, documents, the average.


def test_the_average_is_the_mean_of_the_files(tmp_path):
    generator = np.random.default_rng(2)
    label = generator.integers(0, 3, 20)
    chances = [generator.dirichlet([1, 1, 1], 20) for _ in range(3)]
    tables = [predictions(label, c.argmax(1), c) for c in chances]
    tables[0] = tables[0].sample(frac=1, random_state=1)  # in another order
    tables[1]["predicted"] = 1  # post-processed
    only = tables[2].head(2).assign(subset="test_without_text")
    tables[2] = pd.concat([tables[2], only])
    path = tmp_path / "average.parquet"
    average_versions({str(n): [table] for n, table in enumerate(tables)}, [path])
    average = read_table(path).set_index("guid").loc[[str(n) for n in range(1, 21)]]
    np.testing.assert_allclose(average[LABELS.probability_columns], sum(chances) / 3)
    assert average["predicted"].tolist() == sum(chances).argmax(1).tolist()
    assert set(average["subset"]) == {"test"}
    with pytest.raises(ValueError, match="the same posts"):
        average_versions({"a": [tables[0]], "b": [tables[1].head(19)]}, [path])


@pytest.fixture(scope="module")
def evaluated(inputs, runs, tmp_path_factory):
    """What the jobs after the training make of it, with two versions and a row of one modality."""
    folder = tmp_path_factory.mktemp("evaluated")
    tables, records = runs
    baselines = {f"baselines/{name}": own for name, own in tables.items()}
    rows = {
        "v1": tables["probe_both"],
        "v2": tables["majority"],
        "ablation/image_only": tables["probe_image"],
        "ablation/text_only": tables["probe_text"],
    }
    modalities = {"v1": "both", "v2": "both", "average_of_versions": "both",
                  "ablation/image_only": "image", "ablation/text_only": "text"}  # fmt: skip
    average = [folder / f"{n}.parquet" for n in range(FOLDS)]
    average_versions({name: rows[name] for name in ("v1", "v2")}, average)
    files = {
        "metrics": folder / "m.json",
        "tests": folder / "t.json",
        "tests_csv": folder / "t.csv",
    }
    evaluate_baselines(
        inputs[1], baselines, {"average_of_versions": [read_table(path) for path in average]}, rows,
        modalities, {kind: f"baselines/probe_{kind}" for kind in ("text", "image", "both")},
        {"average_of_versions": ["v1", "v2"]}, [],
        {"resamples": 500, "level": 0.95, "seed": 1}, **files,
    )  # fmt: skip
    about = {name: {"title": f"T {name}", "modality": BASELINES[name]} for name in tables}
    experiments = {f"baselines/{name}": own for name, own in about.items()}
    experiments["average_of_versions"] = {"title": "The average", "modality": "both"}
    named = {f"baselines/{name}": own for name, own in records.items()}
    write_baselines(experiments, read_json(files["metrics"]), named, read_json(files["tests"]),
                    folder / "b.csv", folder / "b.md")  # fmt: skip
    return read_json(files["tests"])["families"], pd.read_csv(folder / "b.csv"), (
        folder / "b.md").read_text()  # fmt: skip


def test_each_experiment_is_tested_against_the_probe_of_its_modalities(evaluated):
    families, _, _ = evaluated
    pairs = {row["first"]: row["second"] for row in families["over_probe"]}
    both = "baselines/probe_both"
    assert pairs == {"v1": both, "v2": both, "average_of_versions": both,
                     "ablation/image_only": "baselines/probe_image",
                     "ablation/text_only": "baselines/probe_text"}  # fmt: skip
    rows = {row["first"]: row for row in families["over_probe"]}
    # Its predictions are those of the probe, or of the majority class.
    assert rows["v1"]["weighted_f1"]["difference"] == 0
    assert rows["v1"]["verdict"] == "not distinguishable"
    assert rows["v2"]["verdict"] == "worse"
    for row in families["over_probe"]:
        assert row["weighted_f1"]["p_holm"] >= row["weighted_f1"]["p"]
    smallest = min(families["over_probe"], key=lambda row: row["weighted_f1"]["p"])["weighted_f1"]
    assert smallest["p_holm"] == pytest.approx(5 * smallest["p"])
    assert [row["second"] for row in families["average"]] == ["v1", "v2"]
    # Each family is corrected by itself.
    smallest = min(families["average"], key=lambda row: row["weighted_f1"]["p"])["weighted_f1"]
    assert smallest["p_holm"] == pytest.approx(2 * smallest["p"])


def test_the_document_has_the_scores_and_says_what_is_left_out(inputs, runs, evaluated):
    _, scores, text = evaluated
    rows = scores.set_index("experiment")
    for name, tables in runs[0].items():
        test = pd.concat(tables)
        test = test[test["subset"] == "test"]
        if len(test):
            expected = f1_score(test["label"], test["predicted"], average="weighted")
            assert rows.loc[f"baselines/{name}", "weighted_f1"] == pytest.approx(expected)
            assert f"| T {name} " in text
    assert "T zero_shot_clip is left out: the images are not encoded by a CLIP." in text
    assert "modalities: 5 comparisons" in text
    assert "Of 5 experiments, none is significantly better than the linear probe of the" in text
    assert "not significantly different: v1" in text
    assert "significantly worse: v2 (-" in text


def test_a_baseline_has_no_seed_noise():
    generator = np.random.default_rng(1)
    label = generator.integers(0, 3, 300)
    tables = {
        n: predictions(label, guesses(label, r, generator)) for n, r in (("a", 0.7), ("b", 0.6))
    }
    noise = {metric: (0.2, 1000) for metric in ("weighted_f1", "macro_f1", "accuracy")}

    def width(deviations, exact):
        (row,) = compared([("a", "b")], tables, 4000, 0.95, 0, deviations, exact)
        return row["weighted_f1"]["high"] - row["weighted_f1"]["low"]

    none, one, two = width({}, ()), width(noise, {"b"}), width(noise, ())
    assert width(noise, {"a", "b"}) == none
    assert one == pytest.approx(np.hypot(none, 2 * 1.96 * 0.2), rel=0.05)
    assert two == pytest.approx(np.hypot(none, 2 * 1.96 * 0.2 * np.sqrt(2)), rel=0.05)


def test_the_best_of_equal_experiments_owes_its_lead_to_the_selection():
    """Of equal models, the mean score of the best above the true one is what is estimated."""
    generator = np.random.default_rng(3)
    label = np.tile([0, 1, 2], 100)
    leads, estimates, bounds = [], [], []
    for _ in range(25):
        tables = {str(n): predictions(label, guesses(label, 0.7, generator)) for n in range(6)}
        scores = [f1_score(label, t["predicted"], average="weighted") for t in tables.values()]
        leads.append(max(scores) - 0.7)
        optimism = selection_optimism(tables, 200, 0)
        estimates.append(optimism["weighted_f1"])
        bounds.append(optimism["if_equal"])
    assert np.mean(leads) > 0.02
    assert np.mean(bounds) == pytest.approx(np.mean(leads), rel=0.15)
    # The lead of the best counts as earned by half, so that it is too low for equal models.
    assert np.mean(estimates) == pytest.approx(np.sqrt(0.5) * np.mean(leads), rel=0.2)
    clear = {"a": predictions(label, label), "b": predictions(label, (label + 1) % 3)}
    assert selection_optimism(clear, 200, 0)["weighted_f1"] == pytest.approx(0, abs=1e-9)
