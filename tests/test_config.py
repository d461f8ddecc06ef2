"""Settings: what a user may get wrong in config/ and what the message then says."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from mmsent.config.adjustments import load_adjustments
from mmsent.config.augmentation import Augmentation, TextAugmentation, load_augmentations
from mmsent.config.encoders import load_models
from mmsent.config.experiment import load_experiment, overlaid
from mmsent.config.main import Config, experiment_names, load_config
from mmsent.config.validation import ConfigError
from mmsent.data.layout import DatasetError
from mmsent.encoders.names import text_view
from mmsent.workflow.contents import list_hashes, total_bytes
from mmsent.workflow.eda import token_lengths, token_limit
from mmsent.workflow.plan import Plan, load_plan

ROOT = Path(__file__).parents[1]
BASE = Path("config/config.yaml")
V4 = Path("config/experiments/v4_balanced_clip.yaml")
EXPERIMENT_FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "config/experiments").rglob("*.yaml")
    if not path.name.startswith("qwen2_vl")  # tests/test_vlm_config.py
)
ABLATION_ROWS = [
    name for name in EXPERIMENT_FILES if "/ablation/" in name and "backbone" not in name
]


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A copy of config/ to write into, as the working folder."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(*overrides, command_line=None):
    """Merged settings and files as the workflow hands them over; an override is YAML text."""
    merged, files = yaml.safe_load(BASE.read_text(encoding="utf-8")), [BASE]
    for number, text in enumerate(overrides, start=1):
        files.append(Path(f"mine{number}.yaml"))
        files[-1].write_text(text, encoding="utf-8")
        merged = overlaid(merged, yaml.safe_load(text))
    return overlaid(merged, command_line or {}), files


def refusal(*overrides, command_line=None):
    with pytest.raises(ConfigError) as caught:
        load_config(*settings(*overrides, command_line=command_line))
    return str(caught.value)


def plan(*overrides):
    return Plan(*settings(*overrides))


def experiment_refusal(content, name="mine"):
    path = Path(f"config/experiments/{name}.yaml")
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_experiment(path)
    return str(caught.value)


def test_shipped_configuration_gives_a_plan_with_every_row():
    shipped = plan()
    rows = {*shipped.config.versions, *(f"ablation/{name}" for name in shipped.config.ablation)}
    assert set(shipped.experiments) == rows
    assert shipped.is_demo
    assert len(shipped.texts) == len(shipped.images) == 480 + 60


def test_shipped_configuration_shows_every_setting_with_its_default():
    shipped = yaml.safe_load(BASE.read_text(encoding="utf-8"))
    assert set(shipped) == set(Config.model_fields)
    rows = {key: shipped[key] for key in ("versions", "ablation", "seeds", "vlm")}
    assert load_config(shipped, [BASE]) == Config(**rows)


@pytest.mark.parametrize("name", EXPERIMENT_FILES)
def test_every_shipped_experiment_loads_and_finds_its_encoders_and_augmentation(name):
    row = name.removeprefix("config/experiments/").removesuffix(".yaml")
    mine = plan(f"versions: [{row}]")
    experiment = mine.experiments[row]
    assert experiment == load_experiment(name, mine.adjustments.get(row))
    assert experiment.title
    assert experiment.section


def test_every_shipped_models_file_loads():
    files = list(Path("config/models").glob("*.yaml"))
    assert files
    for path in files:
        models = load_models(path)
        assert "clip" in models.specification("clip")


def test_every_shipped_augmentation_loads():
    names = load_augmentations("config/augmentations.yaml", Augmentation)
    texts = load_augmentations("config/text_augmentations.yaml", TextAugmentation)
    assert all(augmentation.operations for augmentation in (names | texts).values())
    assert load_experiment(V4).image.augmentation in names
    for name in ("light", "frequent"):
        assert texts[name].minimum_words == 4  # the study's section 6: "texts of 4 words or more"


@pytest.mark.parametrize("name", ["v7.1", "spät", "多模态", "ablation/late-2", "_x", "7"])
def test_names_of_experiments_may_have_letters_of_any_script(name):
    assert experiment_names([name]) == [name]


def test_a_tilde_in_the_dataset_is_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "posts").mkdir()
    merged = {"dataset": "~/posts", "versions": ["v1_baseline"], "ablation": []}
    assert load_config(merged, []).dataset == str(tmp_path / "posts")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("fold: {outer: 3}", "fold: unknown key, got {'outer': 3} (did you mean 'folds'?)"),
        ("folds: {outr: 3}", "folds.outr: unknown key, got 3 (did you mean 'outer'?)"),
        ("demo: {labeled: 90}", "demo.labeled: unknown key, got 90 (did you mean 'labelled'?)"),
        ("folds: {outer: five}", "folds.outer: Input should be a valid integer, got 'five'"),
        ("seed: 4.5", "seed: Input should be a valid integer, got 4.5"),
        ("seed: true", "seed: Input should be a valid integer, got True"),
        ("seed: '7'", "seed: Input should be a valid integer, got '7'"),
        ("folds: {outer: 1}", "folds.outer: Input should be greater than or equal to 2, got 1"),
        ("intervals: {level: 95}", "intervals.level: Input should be less than 1, got 95"),
        ("versions: []", "versions: List should have at least 1 item"),
        ("versions: v4_balanced_clip", "versions: Input should be a valid list"),
        ("versions: [a, b, a]", "versions: named twice: a"),
        ("ablation: [c, c]", "ablation: named twice: c"),
        *(
            (f'versions: ["{name}"]', f"versions: {name!r} cannot be the name of an experiment")
            for name in (
                "my late",
                "it's",
                "text+image",
                "late(2)",
                "a*b",
                "cost$5",
                "late {x}",
                "-late",
                ".late",
                "a//b",
                "a;b",
                "a\u00a0b",
                "",
            )
        ),
        ("vlm: ['a b']", "vlm: 'a b' cannot be the name"),
        ("seeds: {experiments: ['../x']}", "seeds.experiments: '../x' cannot be the name"),
        ("dataset: 2023_11", "dataset: YAML reads this name as a number; put ./ before"),
        ("dataset: 'my {2024} posts'", "dataset: Snakemake takes braces in a path for wildcards"),
        ("seeds: {experiments: [c, c]}", "seeds.experiments: named twice: c"),
        ("seeds: {number: 1}", "seeds.number: Input should be greater than or equal to 2, got 1"),
        (
            "protocol: paper",
            "protocol: Input should be 'grouped' or 'both', got 'paper'",
        ),
        (
            "on_bad_post: eror",
            "on_bad_post: Input should be 'error', 'drop' or 'blank', got 'eror'"
            " (did you mean 'error'?)",
        ),
        ("on_bad_post: drpo", "got 'drpo' (did you mean 'drop'?)"),
        ("device: gpu", "device: Input should be 'auto', 'cpu' or 'cuda', got 'gpu'"),
        ("on: drop", "Keys should be strings, got True"),
    ],
)
def test_a_wrong_setting_names_file_key_value_and_nearest(override, message):
    text = refusal(override)
    assert text.startswith("mine1.yaml: ")
    assert message in text
    assert "\n" not in text


def test_a_key_that_resembles_none_lists_the_known_ones():
    text = refusal("folds: {zzz: 1}")
    assert "known here: outer, inner" in text


def test_every_wrong_setting_has_a_line_of_its_own():
    lines = refusal("sead: 1\nfolds: {outer: 1, inner: x}\ndevice: tpu").splitlines()
    keys = sorted(line.split(": ")[1] for line in lines)
    assert keys == ["device", "folds.inner", "folds.outer", "sead"]


def test_a_missing_key_is_said_to_be_required():
    merged, files = settings()
    del merged["versions"]
    with pytest.raises(ConfigError, match=r"^config/config\.yaml: versions: this key is required$"):
        load_config(merged, files)


def test_a_value_of_the_base_file_is_attributed_to_it():
    BASE.write_text(BASE.read_text(encoding="utf-8").replace("seed: 42", "seed: x"), "utf-8")
    assert refusal("folds: {outer: 3}").startswith("config/config.yaml: seed: ")


def test_of_several_overrides_the_one_that_won_is_named():
    assert refusal("seed: a", "seed: b").startswith("mine2.yaml: seed: ")
    assert refusal("seed: a", "folds: {outer: 3}").startswith("mine1.yaml: seed: ")
    assert refusal("seed: a", "seed: a").startswith("mine2.yaml: seed: ")


def test_an_override_with_an_empty_value_is_named():
    assert refusal("seed:").startswith("mine1.yaml: seed: ")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sed": 1}, "--config: sed: unknown key, got 1 (did you mean 'seed'?)"),
        ({"on_bad_post": "blnk"}, "--config: on_bad_post: "),
        ({"folds": {"outer": 1}}, "--config: folds.outer: "),
        ({"dataset": "nowhere"}, "--config: dataset: no such folder: nowhere"),
        ({"models": "config/models/ofline.yaml"}, "--config: models: no such file"),
    ],
)
def test_a_key_from_the_command_line_is_attributed_to_it(given, message):
    assert refusal(command_line=given).startswith(message)


def test_the_command_line_is_named_even_if_a_file_has_the_key_too():
    assert refusal("seed: a", command_line={"seed": "b"}).startswith("--config: seed: ")


def test_the_command_line_can_mend_a_wrong_file():
    config = load_config(*settings("seed: a", command_line={"seed": 3}))
    assert config.seed == 3


def test_numbers_inside_a_mapping_of_the_command_line_are_read():
    # The workflow hands what stands inside such a mapping over as text.
    given = {"folds": {"outer": "3"}, "intervals": {"level": "0.9"}}
    config = load_config(*settings(command_line=given))
    assert (config.folds.outer, config.folds.inner, config.intervals.level) == (3, 6, 0.9)


@pytest.mark.parametrize("value", ["five", "1", "[1", "'7'"])
def test_a_wrong_value_inside_a_mapping_of_the_command_line_is_explained(value):
    text = refusal(command_line={"folds": {"outer": value}})
    assert text.startswith("--config: folds.outer: ")


def test_a_number_in_quotes_in_a_file_stays_text():
    assert refusal("folds: {outer: '3'}").startswith("mine1.yaml: folds.outer: ")


def test_a_missing_dataset_folder_is_named():
    text = refusal("dataset: posts/mvsa")
    assert text.startswith("mine1.yaml: dataset: no such folder: posts/mvsa")
    assert "train.txt" in text


@pytest.mark.parametrize(
    ("key", "value", "near"),
    [
        ("models", "config/models/ofline.yaml", "offline.yaml"),
        ("augmentations", "config/augmentation.yaml", "augmentations.yaml"),
        ("paper_results", "config/paper_result.csv", "paper_results.csv"),
    ],
)
def test_a_missing_settings_file_has_its_nearest_name_suggested(key, value, near):
    text = refusal(f"{key}: {value}")
    assert f"{key}: no such file: {value} (did you mean '{near}'?)" in text


@pytest.mark.parametrize("content", ["", "- a\n- b\n", "just words", "a: [1"])
def test_a_file_that_is_no_mapping_is_named(content):
    Path("config/augmentations.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^config/augmentations\.yaml: (expected|not valid)"):
        plan()


def write_variant(name, change):
    """An experiment file built on v4 with ``change`` (YAML lines)."""
    path = Path(f"config/experiments/{name}.yaml")
    path.write_text(f"base: v4_balanced_clip.yaml\n{change}", encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "text: {encoder: clpi}",
            "text.encoder: no such text encoder, got 'clpi' (did you mean 'clip'?)",
        ),
        ("text: {encoder: image}", "text.encoder: no such text encoder, got 'image'"),
        ("image: {encoder: text}", "image.encoder: no such image encoder, got 'text'"),
        (
            "image: {augmentation: resize_corp}",
            "image.augmentation: no such augmentation, got 'resize_corp'"
            " (did you mean 'resize_crop'?)",
        ),
    ],
)
def test_an_unknown_name_in_an_experiment_is_refused_with_the_nearest(change, message):
    write_variant("mine", change)
    with pytest.raises(ConfigError) as caught:
        plan("versions: [mine]")
    assert str(caught.value).startswith(f"config/experiments/mine.yaml: {message}")


def test_a_missing_experiment_has_its_nearest_name_suggested():
    with pytest.raises(
        ConfigError, match=r"v4_balanced_clp\.yaml: no such file .*v4_balanced_clip"
    ):
        plan("versions: [v4_balanced_clp]")


def test_a_missing_base_has_its_nearest_name_suggested():
    text = experiment_refusal("base: v4_balanced.yaml\ntitle: x\n")
    assert "v4_balanced.yaml: no such file (did you mean 'v4_balanced_clip.yaml'?)" in text


@pytest.mark.parametrize("base", ["one.yaml", "two.yaml"])
def test_bases_in_a_circle_are_refused(base):
    Path("config/experiments/two.yaml").write_text("base: one.yaml\n", encoding="utf-8")
    assert "circle" in experiment_refusal(f"base: {base}\ntitle: x\n", "one")


def test_a_base_that_is_a_folder_is_refused():
    assert "ablation" in experiment_refusal("base: ablation\ntitle: x\n")


def test_a_base_is_overridden_key_by_key():
    write_variant(
        "below", "title: below\nschedule: {epochs: 7}\nhead: {hidden: [8], dropout: [0]}\n"
    )
    Path("config/experiments/above.yaml").write_text(
        "base: below.yaml\ntitle: above\nschedule: {warmup_epochs: 2}\npostprocessing: null\n",
        encoding="utf-8",
    )
    v4, above = load_experiment(V4), load_experiment("config/experiments/above.yaml")
    assert above.title == "above"
    assert (above.schedule.epochs, above.schedule.warmup_epochs) == (7, 2)
    assert above.schedule.kind == v4.schedule.kind == "cosine"
    assert above.head.hidden == [8]
    assert v4.postprocessing is not None
    assert above.postprocessing is None
    assert above.optimiser == v4.optimiser


def test_files_of_an_experiment_are_its_own_and_its_bases():
    assert plan().experiment_files("ablation/text_only") == [
        "config/experiments/ablation/text_only.yaml",
        "config/experiments/ablation/backbone.yaml",
        "config/experiments/v4_balanced_clip.yaml",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("losss: {}", "losss: unknown key, got {} (did you mean 'loss'?)"),
        ("loss: {label_smooth: 0.1}", "(did you mean 'label_smoothing'?)"),
        ("postprocessing: {neutral_abov: 0.1}", "(did you mean 'neutral_above'?)"),
        ("modality: txt", "modality: Input should be 'both', 'text' or 'image', got 'txt'"),
        ("text: {cleaning: basics}", "(did you mean 'basic'?)"),
        ("head: {dropout: [0.3, 1.2]}", "head.dropout.1: "),
        ("head: {hidden: [512]}", "head: hidden and dropout must be equally long"),
        ("schedule: {epochs: 1}", "schedule: warmup_epochs must be below epochs"),
        ("image: {augmentation: null}", "image: augmentation and views go together"),
        ("image: {views: 0}", "image: augmentation and views go together"),
        ("optimiser: {learning_rate: 0}", "optimiser.learning_rate: "),
        ("optimiser: {learning_rate: 1e-3}", "optimiser.learning_rate: "),
    ],
)
def test_a_wrong_key_of_an_experiment_is_explained(change, message):
    text = experiment_refusal(f"base: v4_balanced_clip.yaml\n{change}\n")
    assert text.startswith("config/experiments/mine.yaml: ")
    assert message in text


@pytest.mark.parametrize(
    ("old", "new"), [("epochs: 15", "epochs: none"), ("dropout: [0.3, 0.21]", "dropout: [0.3, 7]")]
)
def test_a_wrong_key_of_a_base_names_the_base(old, new):
    content = V4.read_text(encoding="utf-8")
    assert old in content
    V4.write_text(content.replace(old, new), encoding="utf-8")
    text = experiment_refusal("base: v4_balanced_clip.yaml\ntitle: x\n")
    assert text.startswith(f"{V4}: ")


def test_ablation_rows_differ_in_title_modality_and_fusion_alone():
    rows = [load_experiment(name) for name in ABLATION_ROWS]
    assert len(rows) > 1
    free = {"title", "modality", "fusion"}
    shared = [row.model_dump(exclude=free) for row in rows]
    assert all(one == shared[0] for one in shared)
    for what in (lambda row: row.title, lambda row: (row.modality, row.fusion)):
        assert len({what(row) for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: {operations: [{rotaton: {degrees: 3}}]}", "(did you mean 'rotation'?)"),
        ("a: {operations: [{rotation: {degree: 3}}]}", "did you mean 'degrees'"),
        ("a: {operations: [{random_crop: {}, blur: {sigma: 1}}]}", "each operation is one name"),
        ("a: {operations: [random_crop]}", "operations.0"),
        ("a: {operations: []}", "operations"),
        ("a: {margn: 3, operations: [{random_crop: {}}]}", "(did you mean 'margin'?)"),
        ("a.1: {operations: [{random_crop: {}}]}", "letters, digits and _"),
        # Values that would otherwise end a job long after the start.
        ("a: {operations: [{rotation: {}}]}", "degrees"),
        ("a: {operations: [{horizontal_flip: {p: 7}}]}", "horizontal_flip"),
        ("a: {operations: [{horizontal_flip: {p: high}}]}", "horizontal_flip"),
    ],
)
def test_a_wrong_augmentation_is_explained(content, message):
    Path("aug.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_augmentations("aug.yaml", Augmentation)
    assert str(caught.value).startswith("aug.yaml: a")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("  text: text", "  text: image", "clip.text"),
        ("kind: pair", "kind: clap", "'pair', 'open_clip'"),
        ("kind: timm", "kind: tim", "image.kind"),
        ("max_length:", "max_lenght:", "text.max_lenght"),
        ("sha256: ", "sha256: X", "text.sha256"),
    ],
)
def test_a_wrong_models_file_is_explained(old, new, key):
    path = Path("config/models/offline.yaml")
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_models(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert key in str(caught.value)


@pytest.mark.parametrize("override", ["fold: {outer: 3}", "versions: [nothing]", "dataset: config"])
def test_a_wrong_setting_ends_the_program_with_a_message_and_status_1(override):
    merged, files = settings(override)
    with pytest.raises(SystemExit) as caught:
        load_plan(merged, files, elsewhere=False)
    # A text as exit code goes to the standard error, and the status is 1.
    assert isinstance(caught.value.code, str)
    assert caught.value.code


def test_absolute_names_of_settings_files_are_shown_from_the_working_folder():
    merged, files = settings("fold: {outer: 3}")
    with pytest.raises(SystemExit) as caught:
        load_plan(merged, [path.resolve() for path in files], elsewhere=False)
    assert caught.value.code.startswith("mine1.yaml: fold: ")


def test_an_experiment_of_one_modality_reads_no_file_of_the_other():
    shipped = plan()
    text, image = "ablation/text_only", "ablation/image_only"
    assert shipped.image_embeddings(text) == []
    assert shipped.text_embeddings(image) == []
    folder = "results/embeddings/clip"
    assert shipped.text_embeddings(text) == [f"{folder}/text.whitespace.safetensors"]
    views = ["evaluation", *(f"resize_crop.{n}" for n in (1, 2))]
    expected = [f"{folder}/image.{view}.safetensors" for view in views]
    assert shipped.image_embeddings(image) == expected
    assert shipped.image_embeddings("v4_balanced_clip") == expected


def test_without_augmentation_only_the_evaluation_view_is_read():
    write_variant("plain", "image: {augmentation: null, views: 0}")
    files = plan("versions: [plain]").image_embeddings("plain")
    assert files == ["results/embeddings/clip/image.evaluation.safetensors"]


def test_only_embeddings_that_some_experiment_reads_are_listed_each_once():
    v4 = plan("versions: [v4_balanced_clip]")
    assert len(v4.embeddings()) == 1 + 3
    text_alone = plan(
        "versions: [ablation/text_only]\nablation: [text_only]\nseeds: {experiments: []}"
    )
    assert text_alone.embeddings() == ["results/embeddings/clip/text.whitespace.safetensors"]
    encoded = [path for path in text_alone.benchmarks() if "/encode_text" in path]
    assert encoded == ["results/benchmarks/encode_text/clip.whitespace.jsonl"]


def test_each_version_reads_the_views_that_its_settings_name():
    shipped = plan()
    texts = {name: [Path(path).name.removesuffix(".safetensors").removeprefix("text.")
                    for path in shipped.text_embeddings(name)]
             for name in shipped.versions}  # fmt: skip
    assert texts["v1_baseline"] == ["none.32tokens"]
    assert texts["v2_enhanced"] == ["none.64tokens.below3"]
    assert texts["v3_clip"] == ["none"]
    assert texts["v6_adaptive"] == ["sentiment", *(f"sentiment.frequent.{n}" for n in (1, 2))]
    assert shipped.image_embeddings("v1_baseline") == [
        f"results/embeddings/pixels/image.{view}.safetensors" for view in ("evaluation", "flip.1")
    ]
    for names in texts.values():
        for name in names:
            assert str(text_view(name)) == name
    settings = shipped.text_view_settings("sentiment.frequent.3")
    assert (settings["cleaning"], settings["number"], settings["seed"]) == ("sentiment", 3, 42)
    assert '"p":0.7' in settings["augmentation"]
    below = shipped.text_view_settings("none.64tokens.below3")
    assert (below["max_tokens"], below["below"], below["augmentation"]) == (64, 3, "{}")


def test_only_experiments_that_train_a_part_of_an_encoder_read_its_settings():
    shipped = plan()
    trained = {name: set(json.loads(shipped.trained_encoders(name))) for name in shipped.versions}
    assert trained == {
        "v1_baseline": {"pixels"}, "v2_enhanced": {"text", "pixels"}, "v3_clip": set(),
        "v4_balanced_clip": set(), "v5_multi_fusion": set(), "v6_adaptive": set(),
    }  # fmt: skip
    assert shipped.search("v5_multi_fusion", [2]) == ["results/search/v5_multi_fusion/2.json"]
    assert shipped.search("v4_balanced_clip", [2]) == []


def test_an_adjustment_overrides_the_experiments_file_and_nothing_else():
    path = Path("config/adjustments/mine.yaml")
    path.write_text("v4_balanced_clip: {schedule: {epochs: 3}}\n", encoding="utf-8")
    mine = plan("adjustments: config/adjustments/mine.yaml")
    assert mine.experiments["v4_balanced_clip"].schedule.epochs == 3
    assert mine.experiments["v4_balanced_clip"].schedule.kind == "cosine"
    assert mine.experiments["v6_adaptive"].schedule.epochs == 15  # built on v4's file, not on it
    assert json.loads(mine.adjustment("v4_balanced_clip")) == {"schedule": {"epochs": 3}}
    assert mine.adjustment("v3_clip") == "{}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("v4_balanced_clp: {title: x}", "(did you mean 'v4_balanced_clip'?)"),
        ("v4_balanced_clip: 3", "expected a mapping"),
        ("v4_balanced_clip: {schedule: {epoch: 3}}", "schedule.epoch: unknown key"),
    ],
)
def test_a_wrong_adjustment_names_its_file(content, message):
    path = Path("config/adjustments/mine.yaml")
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        plan("adjustments: config/adjustments/mine.yaml")
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


def test_an_adjustment_of_an_experiment_that_this_run_leaves_out_does_not_matter():
    names = ["v4_balanced_clip"]
    assert "v2_enhanced" in load_adjustments("config/adjustments/offline.yaml", names)
    assert set(plan("versions: [v4_balanced_clip]").versions) == set(names)


def test_a_run_of_pictures_alone_still_knows_where_the_token_lengths_are():
    images_alone = plan("versions: [ablation/image_only]\nablation: [image_only]")
    assert "/text." in token_lengths(images_alone)


@pytest.mark.parametrize(
    ("models", "versions", "encoder", "limit"),
    [
        ("paper", "v1_baseline", "text", 128),
        ("paper", "v3_clip", "clip", 77),
        ("offline", "v3_clip", "clip", 64),  # the limit of its text encoder
    ],
)
def test_token_lengths_go_with_the_limit_of_their_own_encoder(models, versions, encoder, limit):
    chosen = plan(
        f"models: config/models/{models}.yaml\nadjustments: config/adjustments/{models}.yaml\n"
        f"versions: [{versions}]\nablation: []\nseeds: {{experiments: []}}"
    )
    assert f"/{encoder}/text." in token_lengths(chosen)
    assert token_limit(chosen) == limit


def test_a_folder_that_is_called_demo_is_no_generated_data_set(posts):
    folder = posts.rename(posts.parent / "demo")
    assert '"dataset":"demo/"' in plan(f"dataset: {folder}").public_settings()
    assert '"dataset":"demo"' in plan().public_settings()


def test_lists_are_known_by_their_content(posts):
    given = plan(f"dataset: {posts}")
    (before,) = list_hashes(given)
    path = posts / "train.txt"
    path.write_text(path.read_text().replace("positive", "negative"), encoding="utf-8")
    assert list_hashes(given) != [before]
    assert list_hashes(plan()) == []


def test_pixels_ask_for_no_gpu():
    given = plan("device: cuda")
    asked = {name: given.gpus_to_encode(name) for name in ("text", "image", "clip", "pixels")}
    assert asked == {"text": 1, "image": 1, "clip": 1, "pixels": 0}


def test_a_table_without_rows_is_no_table():
    both, alone = plan(), plan("ablation: []")
    assert list(both.tables) == ["versions", "ablation"]
    assert list(alone.tables) == ["versions"]
    assert alone.rows == alone.versions


def test_the_seed_makes_the_augmented_views_but_not_the_evaluation_view():
    one, two = plan(), plan("seed: 43")
    assert one.view_settings("resize_crop.3") == two.view_settings("resize_crop.3") | {"seed": 42}
    assert two.view_settings("resize_crop.3")["seed"] == 43
    assert one.view_settings("resize_crop.3")["number"] == 3
    assert one.view_settings("evaluation") == two.view_settings("evaluation")


@pytest.fixture
def posts(project):
    """An empty data set of two posts in a folder that nobody need know of."""
    folder = project / "home/someone/mvsa"
    (folder / "data").mkdir(parents=True)
    (folder / "train.txt").write_text("guid,tag\n9,positive\n10,negative\n", encoding="utf-8")
    for name in ("9", "10", "notes", "Thumbs"):
        (folder / f"data/{name}.txt").write_text("words", encoding="utf-8")
        (folder / f"data/{name}.jpg").write_bytes(b"12345")
    return folder


def test_files_of_a_dataset_are_its_posts_in_the_order_of_their_guids(posts):
    mine = plan(f"dataset: {posts}/")
    assert [Path(path).name for path in mine.texts] == ["9.txt", "10.txt"]
    assert mine.images == [f"{posts}/data/9.jpg", f"{posts}/data/10.jpg"]
    assert total_bytes(mine, mine.images) == 10


def test_a_missing_list_of_unlabelled_posts_is_no_input(posts):
    mine = plan(f"dataset: {posts}")
    assert mine.label_lists() == [f"{posts}/train.txt"]
    (posts / "test_without_label.txt").write_text("guid,tag\n", encoding="utf-8")
    assert mine.label_lists()[1:] == [f"{posts}/test_without_label.txt"]


def test_the_published_settings_do_not_tell_where_the_posts_lie(posts):
    published = plan(f"dataset: {posts}").public_settings()
    assert '"dataset":"mvsa/"' in published
    assert "someone" not in published


def test_a_dataset_without_a_data_folder_is_refused(posts):
    shutil.rmtree(posts / "data")
    with pytest.raises(DatasetError, match="data: no such folder"):
        plan(f"dataset: {posts}")


@pytest.mark.parametrize("suffix", [".jpg", ".txt"])
def test_a_dataset_without_pictures_or_without_texts_is_refused(posts, suffix):
    for path in (posts / "data").glob(f"*{suffix}"):
        path.unlink()
    with pytest.raises(DatasetError, match=suffix):
        plan(f"dataset: {posts}")


def test_the_paper_protocol_is_trained_on_the_study_s_split_and_on_request_alone():
    grouped, both = plan(), plan("protocol: both")
    assert grouped.paper_metrics(["v1_baseline"]) == []
    assert both.paper_metrics(["v1_baseline"]) == ["results/paper/metrics/v1_baseline.json"]
    # 80/20 in the study's first code, 85/15 in the others.
    assert both.fold_table("paper/", "v1_baseline") == "results/paper/split/0.2.tsv"
    for name in [*both.versions[1:], *both.ablation]:
        assert both.fold_table("paper/", name) == "results/paper/split/0.15.tsv"
    assert both.fold_table("", "v1_baseline") == "results/data/folds.tsv"
    assert list(both.outer_folds("paper/")) == [0]
    assert both.search("v5_multi_fusion", [0], "paper/") == [
        "results/paper/search/v5_multi_fusion/0.json"
    ]


def test_repeated_experiments_need_not_be_rows():
    mine = plan("seeds: {experiments: [fine_tuned]}")
    assert "fine_tuned" in mine.experiments
    assert "fine_tuned" not in mine.rows
    with pytest.raises(ConfigError, match="fine_tund"):
        plan("seeds: {experiments: [fine_tund]}")


def test_jobs_on_other_machines_need_a_named_device():
    merged, files = settings("dataset: demo")
    assert load_plan(merged, files, elsewhere=False).config.device == "auto"
    with pytest.raises(SystemExit, match=r"--config device=cuda or --config device=cpu"):
        load_plan(merged, files, elsewhere=True)
    for device in ("cpu", "cuda"):
        merged, files = settings(f"device: {device}")
        assert load_plan(merged, files, elsewhere=True).config.device == device
