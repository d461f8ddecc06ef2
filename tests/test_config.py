"""Settings: what a user may get wrong in config/ and what the message then says."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from conftest import ROOT
from mmsent import paths
from mmsent.config.augmentation import Augmentation, TextAugmentation, load_augmentations
from mmsent.config.encoders import TinyVlm, VlmCheckpoint
from mmsent.config.main import Config, experiment_names, load_config
from mmsent.config.profile import load_profile
from mmsent.config.validation import ConfigError, overlaid
from mmsent.data.layout import DatasetError
from mmsent.plan.plan import Plan, load_plan
from mmsent.plan.resolve import resolve

BASE = Path("config/config.yaml")
FOLDER = Path("config/experiments")
V4 = FOLDER / "v4_balanced_clip.yaml"
NAMES = sorted(
    path.relative_to(ROOT / FOLDER).with_suffix("").as_posix()
    for path in (ROOT / FOLDER).rglob("*.yaml")
)
VLMS = [name for name in NAMES if name.startswith("qwen2_vl")]
GRID = [name for name in NAMES if name.startswith("ablation/") and "backbone" not in name]
PROFILES = ("offline", "paper", "open_clip")


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A copy of config/ to write into, as the working folder."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(*overrides, command_line=None):
    """Merged settings and files as the workflow passes them; an override is YAML text."""
    merged, files = yaml.safe_load(BASE.read_text(encoding="utf-8")), [BASE]
    for number, text in enumerate(overrides, start=1):
        files.append(Path(f"mine{number}.yaml"))
        files[-1].write_text(text, encoding="utf-8")
        merged = overlaid(merged, yaml.safe_load(text))
    return overlaid(merged, command_line or {}), files


def plan(*overrides):
    return Plan(*settings(*overrides))


def refusal(*overrides, command_line=None):
    with pytest.raises(ConfigError) as caught:
        load_config(*settings(*overrides, command_line=command_line))
    return str(caught.value)


def plan_refusal(*overrides):
    with pytest.raises(ConfigError) as caught:
        plan(*overrides)
    return str(caught.value)


def write_experiment(content, name="mine"):
    (FOLDER / f"{name}.yaml").write_text(content, encoding="utf-8")


def write_profile(**content):
    path = Path("config/profiles/mine.yaml")
    path.write_text(yaml.safe_dump({"base": "offline.yaml"} | content), encoding="utf-8")
    return "profile: mine"


def experiment_refusal(content, name="mine"):
    write_experiment(content, name)
    with pytest.raises(ConfigError) as caught:
        resolve(name, {})
    return str(caught.value)


# What is shipped.


def test_the_shipped_configuration_shows_every_setting_with_its_default():
    shipped = yaml.safe_load(BASE.read_text(encoding="utf-8"))
    assert set(shipped) == set(Config.model_fields)
    keys = ("versions", "ablation", "seeds", "learning_curve", "vlm")
    rows = {key: shipped[key] for key in keys}
    assert load_config(shipped, [BASE]) == Config(**rows)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", [name for name in NAMES if name not in VLMS])
def test_every_experiment_finds_its_encoders_and_augmentations(profile, name):
    mine = plan(f"profile: {profile}\nversions: [{name}]")
    assert mine.experiments[name].title
    assert all(mine.encoder(view.encoder) for view in mine.views[name])


def test_every_augmentation_loads():
    images = load_augmentations("config/augmentations.yaml", Augmentation)
    texts = load_augmentations("config/text_augmentations.yaml", TextAugmentation)
    assert all(augmentation.operations for augmentation in (images | texts).values())
    for name in ("light", "frequent"):
        assert texts[name].minimum_words == 4  # the study's section 6: "texts of 4 words or more"


def test_rows_of_the_ablation_differ_in_title_modality_and_fusion_alone():
    mine = plan(f"ablation: {[name.removeprefix('ablation/') for name in GRID]}")
    rows = [mine.experiments[name] for name in GRID]
    assert len(rows) > 1
    shared = [row.model_dump(exclude={"title", "modality", "fusion"}) for row in rows]
    assert all(one == shared[0] for one in shared)
    assert len({(row.modality, row.fusion) for row in rows}) == len(rows)


def test_the_vision_language_run_is_that_of_the_study():
    shipped = resolve("qwen2_vl_2b", {}).settings
    lora, optimiser, schedule = shipped.lora, shipped.optimiser, shipped.schedule
    assert (lora.r, lora.alpha, lora.dropout) == (16, 32, 0.05)
    assert {name[0] for name in lora.targets} == set("qkvogud")
    assert (shipped.head.hidden, shipped.head.dropout, shipped.head.norm) == ([512], [0.1], "none")
    assert (optimiser.learning_rate, optimiser.weight_decay, optimiser.clip_norm) == (2e-4, 0.01, 1)
    assert (optimiser.batch_size, optimiser.accumulation) == (4, 1)
    assert (schedule.epochs, schedule.kind) == (5, "cosine")
    assert schedule.warmup_epochs == pytest.approx(schedule.epochs / 10)
    assert (shipped.loss.label_smoothing, shipped.loss.class_weights) == (0.1, "none")
    assert (shipped.pixels.min, shipped.pixels.max) == (256**2, 1024**2)
    assert (shipped.paper_validation, shipped.folds, shipped.text.cleaning) == (0.1, [0], "none")


def test_variants_of_the_vision_language_run_differ_in_modality_and_prompt_alone():
    base = resolve("qwen2_vl_2b", {}).settings.model_dump()
    for modality in ("text", "image"):
        variant = resolve(f"qwen2_vl_{modality}_only", {}).settings.model_dump()
        different = {key for key in base if base[key] != variant[key]}
        assert different == {"title", "changes", "modality", "prompt"}
        assert variant["modality"] == modality


def test_the_offline_profile_has_a_tiny_vision_language_model_and_the_paper_profile_the_real_one():
    offline, _, paper = (load_profile(Path(f"config/profiles/{name}.yaml")) for name in
                         ("offline", "open_clip", "paper"))  # fmt: skip
    assert isinstance(offline.encoders.vlm, TinyVlm)
    assert isinstance(paper.encoders.vlm, VlmCheckpoint)
    assert len(paper.encoders.vlm.revision) == 40


# Wrong settings of a run.


@pytest.mark.parametrize("name", ["v7.1", "spät", "多模态", "ablation/late-2", "_x", "7"])
def test_names_of_experiments_may_have_letters_of_any_script(name):
    assert experiment_names([name]) == [name]


@pytest.mark.parametrize("name", [
    "my late", "it's", "text+image", "a*b", "cost$5", "late {x}", "-late", ".late", "a//b", "a;b",
    "a\u00a0b", "../x", "",
])  # fmt: skip
def test_names_that_cannot_be_in_a_path_and_a_command_are_refused(name):
    lists = {"versions": [name], "vlm": [name], "seeds": {"experiments": [name]}}
    lines = refusal(json.dumps(lists)).splitlines()
    assert len(lines) == 3
    assert all(f"{name!r} cannot be the name of an experiment" in line for line in lines)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("fold: {outer: 3}", "fold: unknown key, got {'outer': 3} (did you mean 'folds'?)"),
        ("folds: {outr: 3}", "folds.outr: unknown key, got 3 (did you mean 'outer'?)"),
        ("folds: {zzz: 1}", "known here: outer, inner"),
        ("folds: {outer: five}", "folds.outer: Input should be a valid integer, got 'five'"),
        ("seed: 4.5", "seed: Input should be a valid integer, got 4.5"),
        ("seed: true", "seed: "),
        ("seed: '7'", "seed: "),
        ("seed:", "seed: "),
        ("folds: {outer: 1}", "folds.outer: "),
        ("intervals: {level: 95}", "intervals.level: "),
        ("versions: []", "versions: "),
        ("versions: v4_balanced_clip", "versions: "),
        ("versions: [a, b, a]", "versions: named twice: a"),
        ("ablation: [c, c]", "ablation: named twice: c"),
        ("dataset: 2023_11", "dataset: YAML reads this name as a number; put ./ before"),
        ("dataset: 'my {2024} posts'", "dataset: Snakemake takes braces in a path for wildcards"),
        ("dataset: posts/mvsa", "dataset: no such folder: posts/mvsa"),
        ("seeds: {number: 1}", "seeds.number: "),
        ("protocol: paper", "protocol: Input should be 'grouped' or 'both', got 'paper'"),
        ("on_bad_post: eror", "got 'eror' (did you mean 'error'?)"),
        ("device: gpu", "device: Input should be 'auto', 'cpu' or 'cuda', got 'gpu'"),
        ("on: drop", "Keys should be strings, got True"),
        ("augmentations: config/augmentation.yaml", "(did you mean 'augmentations.yaml'?)"),
    ],
)
def test_a_wrong_setting_names_file_key_value_and_nearest(override, message):
    text = refusal(override)
    assert text.startswith("mine1.yaml: ")
    assert message in text
    assert "\n" not in text


def test_every_wrong_setting_has_a_line():
    lines = refusal("sead: 1\nfolds: {outer: 1, inner: x}\ndevice: tpu").splitlines()
    keys = sorted(line.split(": ")[1] for line in lines)
    assert keys == ["device", "folds.inner", "folds.outer", "sead"]


def test_a_missing_key_is_said_to_be_required():
    merged, files = settings()
    del merged["versions"]
    with pytest.raises(ConfigError, match=r"^config/config\.yaml: versions: this key is required$"):
        load_config(merged, files)


def test_the_file_that_decided_is_named():
    assert refusal("seed: a", "seed: b").startswith("mine2.yaml: seed: ")
    assert refusal("seed: a", "folds: {outer: 3}").startswith("mine1.yaml: seed: ")
    assert refusal("seed: a", command_line={"seed": "b"}).startswith("--config: seed: ")
    BASE.write_text(BASE.read_text(encoding="utf-8").replace("seed: 42", "seed: x"), "utf-8")
    assert refusal("folds: {outer: 3}").startswith("config/config.yaml: seed: ")


def test_the_command_line_can_correct_a_wrong_file():
    assert load_config(*settings("seed: a", command_line={"seed": 3})).seed == 3


def test_numbers_inside_a_mapping_of_the_command_line_are_read():
    # Snakemake passes what is inside such a mapping as text.
    numbers = {"folds": {"outer": "3"}, "intervals": {"level": "0.9"}}
    config = load_config(*settings(command_line=numbers))
    assert (config.folds.outer, config.folds.inner, config.intervals.level) == (3, 6, 0.9)
    for value in ("five", "1", "[1", "'7'"):
        text = refusal(command_line={"folds": {"outer": value}})
        assert text.startswith("--config: folds.outer: ")
    # In a file, a number in quotes is text.
    assert refusal("folds: {outer: '3'}").startswith("mine1.yaml: folds.outer: ")


@pytest.mark.parametrize("content", ["", "- a\n- b\n", "just words", "a: [1"])
def test_a_file_that_is_no_mapping_is_named(content):
    Path("config/augmentations.yaml").write_text(content, encoding="utf-8")
    assert plan_refusal().startswith(("config/augmentations.yaml: expected",
                                      "config/augmentations.yaml: not valid"))  # fmt: skip


@pytest.mark.parametrize("override", ["fold: {outer: 3}", "versions: [nothing]", "dataset: config"])
def test_a_wrong_setting_ends_the_program_with_a_message(override):
    merged, files = settings(override)
    with pytest.raises(SystemExit) as caught:
        load_plan(merged, [path.resolve() for path in files], elsewhere=False)
    # A text as exit code goes to the standard error, and the status is 1.
    assert isinstance(caught.value.code, str)
    assert str(Path.cwd()) not in caught.value.code


def test_jobs_on_other_machines_need_a_named_device():
    assert load_plan(*settings("dataset: demo"), elsewhere=False).config.device == "auto"
    with pytest.raises(SystemExit, match=r"--config device=cuda or --config device=cpu"):
        load_plan(*settings(), elsewhere=True)
    assert load_plan(*settings("device: cpu"), elsewhere=True).config.device == "cpu"


# Wrong experiments and profiles.


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("text: {encoder: clpi}", "text.encoder: no such text encoder, got 'clpi' (did you mean"),
        ("text: {encoder: image}", "text.encoder: no such text encoder, got 'image'"),
        ("image: {encoder: text}", "image.encoder: no such image encoder, got 'text'"),
        ("image: {augmentation: resize_corp}", "(did you mean 'resize_crop'?)"),
    ],
)
def test_an_unknown_encoder_or_augmentation_is_refused_with_the_nearest(change, message):
    write_experiment(f"base: v4_balanced_clip.yaml\n{change}")
    text = plan_refusal("versions: [mine]")
    assert text.startswith(f"{FOLDER}/mine.yaml: ")
    assert message in text


def test_a_missing_experiment_or_base_has_its_nearest_name_suggested():
    assert "v4_balanced_clip" in plan_refusal("versions: [v4_balanced_clp]")
    assert "fine_tuned" in plan_refusal("seeds: {experiments: [fine_tund]}")
    text = experiment_refusal("base: v4_balanced.yaml\ntitle: x\n")
    assert "v4_balanced.yaml: no such file (did you mean 'v4_balanced_clip.yaml'?)" in text
    assert "ablation" in experiment_refusal("base: ablation\ntitle: x\n")
    assert "'ablation/text_only'" in plan_refusal("versions: [text_only]")


@pytest.mark.parametrize("base", ["one.yaml", "two.yaml"])
def test_bases_in_a_circle_are_refused(base):
    write_experiment("base: one.yaml\n", "two")
    assert "circle" in experiment_refusal(f"base: {base}\ntitle: x\n", "one")


@pytest.mark.parametrize(
    ("base", "change", "message"),
    [
        ("v4_balanced_clip", "schedule: {epoch: 3}", "schedule.epoch: unknown key"),
        ("v4_balanced_clip", "fusion: concat", "fusion: "),
        ("v4_balanced_clip", "text: {cleaning: basics}", "(did you mean 'basic'?)"),
        ("v4_balanced_clip", "head: {dropout: [0.3, 1.2]}", "head.dropout.1: "),
        ("v4_balanced_clip", "head: {hidden: [512]}", "hidden and dropout must be equally long"),
        ("v4_balanced_clip", "schedule: {epochs: 1}", "warmup_epochs must be below epochs"),
        ("v4_balanced_clip", "image: {views: 0}", "image: augmentation and views go together"),
        ("v4_balanced_clip", "optimiser: {learning_rate: 1e-3}", "write 0.001"),
        ("v4_balanced_clip", "fusion: late\nfusion: early", "key 'fusion' twice"),
        ("v4_balanced_clip", "schedule: {epochs: 3, epochs: 4}", "key 'epochs' twice"),
        ("qwen2_vl_2b", "lora: {rank: 8}", "lora.rank: unknown key"),
        ("qwen2_vl_2b", "lora: {targets: [q_prj]}", "'q_proj'"),
        ("qwen2_vl_2b", "pixels: {min: 4000, max: 2000}", "min must not be above max"),
        ("qwen2_vl_2b", "folds: [0, 0]", "folds: "),
        ("qwen2_vl_zero_shot", "answers: {neutral: positive}", "answers: "),
        ("qwen2_vl_zero_shot", "lora: {r: 8}", "lora: unknown key"),
    ],
)
def test_a_wrong_key_of_an_experiment_is_explained(base, change, message):
    text = experiment_refusal(f"base: {base}.yaml\n{change}\n")
    assert text.startswith(f"{FOLDER}/mine.yaml: ")
    assert message in text


def test_an_experiment_needs_a_title():
    content = yaml.safe_load(V4.read_text(encoding="utf-8"))
    write_experiment(yaml.safe_dump(content | {"title": ""}))
    assert "title: this key is required" in plan_refusal("versions: [mine]")


@pytest.mark.parametrize(
    ("old", "new"), [("epochs: 15", "epochs: none"), ("dropout: [0.3, 0.21]", "dropout: [0.3, 7]")]
)
def test_a_wrong_key_of_a_base_names_the_base(old, new):
    content = V4.read_text(encoding="utf-8")
    assert old in content
    V4.write_text(content.replace(old, new), encoding="utf-8")
    assert experiment_refusal("base: v4_balanced_clip.yaml\ntitle: x\n").startswith(f"{V4}: ")


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("vlm: [v1_baseline]", ["v1_baseline.yaml", "has to be listed under versions"]),
        ("versions: [qwen2_vl_2b]", ["qwen2_vl_2b.yaml", "has to be listed under vlm"]),
        ("vlm: [mine]", ["mine.yaml: folds: no such fold: 5"]),
    ],
)
def test_experiments_of_another_kind_and_folds_that_do_not_exist_are_refused(override, words):
    write_experiment("base: qwen2_vl_2b.yaml\nfolds: [0, 5]\n")
    text = plan_refusal(override)
    assert all(word in text for word in words), text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: {operations: [{rotaton: {degrees: 3}}]}", "(did you mean 'rotation'?)"),
        ("a: {operations: [{rotation: {degree: 3}}]}", "did you mean 'degrees'"),
        ("a: {operations: [{random_crop: {}, blur: {sigma: 1}}]}", "each operation is one name"),
        ("a: {operations: []}", "operations"),
        ("a: {margn: 3, operations: [{random_crop: {}}]}", "(did you mean 'margin'?)"),
        ("a.1: {operations: [{random_crop: {}}]}", "letters, digits and _"),
        # Values that would otherwise end a job long after the start.
        ("a: {operations: [{rotation: {}}]}", "degrees"),
        ("a: {operations: [{horizontal_flip: {p: 7}}]}", "horizontal_flip"),
    ],
)
def test_a_wrong_augmentation_is_explained(content, message):
    Path("aug.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_augmentations("aug.yaml", Augmentation)
    assert str(caught.value).startswith("aug.yaml: a")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"encoder": {}}, "encoder: unknown key"),
        ({"encoders": {"clip": {"kind": "pair", "text": "image", "image": "image"}}}, "clip.text"),
        ({"encoders": {"clip": {"kind": "clap"}}}, "'pair', 'open_clip'"),
        ({"encoders": {"pixels": {"sizes": 9}}}, "pixels.sizes"),
        ({"encoders": {"vlm": {"kind": "tiny", "hidden_size": 60}}}, "multiple of 8 times heads"),
        ({"encoders": {"vlm": {"kind": "transformers", "source": "Qwen/Qwen2-VL-2B-Instruct"}}},
         "a revision"),
        ({"encoders": {"vlm": {"kind": "transformers", "source": "/qwen", "revision": "main"}}},
         "hub id"),
        ({"experiments": {"v4_balanced_clp": {"title": "x"}}}, "'v4_balanced_clip'?)"),
        ({"experiments": {"v4_balanced_clip": 3}}, "v4_balanced_clip: "),
        ({"experiments": {"v4_balanced_clip": {"schedule": {"epoch": 3}}}},
         "schedule.epoch: unknown key"),
        # One that this run leaves out is validated all the same.
        ({"experiments": {"fine_tuned": {"schedule": {"epoch": 3}}}}, "schedule.epoch"),
    ],
)  # fmt: skip
def test_a_wrong_profile_is_explained(content, message):
    text = plan_refusal(write_profile(**content))
    assert text.startswith("config/profiles/mine.yaml: ") or "did you mean" in text
    assert message in text


def test_a_missing_profile_has_its_nearest_name_suggested():
    assert "offline" in plan_refusal("profile: ofline")


# Resolving.


def test_a_base_is_overridden_key_by_key():
    write_experiment("base: v4_balanced_clip.yaml\ntitle: below\nschedule: {epochs: 7}\n", "below")
    write_experiment(
        "base: below.yaml\ntitle: above\nschedule: {warmup_epochs: 2}\npostprocessing: null\n"
    )
    v4, above = resolve("v4_balanced_clip", {}).settings, resolve("mine", {})
    assert above.settings.title == "above"
    assert (above.settings.schedule.epochs, above.settings.schedule.warmup_epochs) == (7, 2)
    assert above.settings.schedule.kind == v4.schedule.kind
    assert above.settings.postprocessing is None is not v4.postprocessing
    assert above.settings.head == v4.head
    # The section of the study describes the base alone.
    assert "" not in {v4.section, v4.changes}
    assert (above.settings.section, above.settings.changes) == ("", "")
    assert above.origin("schedule", "epochs") == f"{FOLDER}/below.yaml"
    assert above.origin("head", "hidden") == str(V4)
    assert above.files == [f"{FOLDER}/{name}.yaml" for name in ("mine", "below")] + [str(V4)]


def test_an_override_reaches_what_is_built_on_its_experiment():
    write_experiment("base: v4_balanced_clip.yaml\ntitle: mine\nhead: {dropout: [0.1, 0.1]}\n")
    override = {"schedule": {"epochs": 3}, "head": {"dropout": [0.5, 0.5]}}
    mine = plan("versions: [v4_balanced_clip, mine, v3_clip]\n"
                + write_profile(experiments={"v4_balanced_clip": override}))  # fmt: skip
    epochs = [mine.experiments[name].schedule.epochs for name in mine.versions]
    assert epochs == [3, 3, 12]
    # The heir's file decides over the override of its base.
    assert mine.experiments["mine"].head.dropout == [0.1, 0.1]
    assert mine.experiments["mine"].schedule.kind == "cosine"
    resolved = mine.resolved["mine"]
    assert resolved.origin("schedule", "epochs") == "config/profiles/mine.yaml"
    assert resolved.origin("head", "dropout") == f"{FOLDER}/mine.yaml"


def test_a_job_gets_no_setting_that_only_documents_show_and_none_in_an_order_of_a_file():
    write_experiment("base: v4_balanced_clip.yaml\ntitle: one\nsection: '1'\nchanges: a\n", "one")
    write_experiment("changes: other\ntitle: two\nbase: v4_balanced_clip.yaml\n", "two")
    one, two = resolve("one", {}).for_jobs(), resolve("two", {}).for_jobs()
    assert json.dumps(one) == json.dumps(two)
    assert not {"title", "section", "changes"} & one.keys()


# The plan.


def files_of(mine, name, modality):
    return [Path(path).name.removesuffix(".safetensors").removeprefix(f"{modality}.")
            for path in mine.embeddings(name, modality)]  # fmt: skip


def test_each_experiment_reads_the_views_that_its_settings_name():
    shipped = plan()
    texts = {name: files_of(shipped, name, "text") for name in shipped.versions}
    assert texts["v1_baseline"] == ["none.32tokens"]
    assert texts["v2_enhanced"] == ["none.64tokens.below3"]
    assert texts["v3_clip"] == ["none"]
    assert texts["v6_adaptive"] == ["sentiment", *(f"sentiment.frequent.{n}" for n in (1, 2))]
    assert shipped.embeddings("v1_baseline", "image") == [
        f"results/embeddings/pixels/image.{view}.safetensors" for view in ("evaluation", "flip.1")
    ]
    frequent = next(v for v in shipped.views["v6_adaptive"] if v.name == "sentiment.frequent.2")
    assert (frequent.settings["cleaning"], frequent.settings["number"]) == ("sentiment", 2)
    assert frequent.settings["policy"]["operations"]
    assert files_of(shipped, "ablation/text_only", "image") == []
    assert files_of(shipped, "ablation/image_only", "text") == []
    assert files_of(shipped, "ablation/image_only", "image") == files_of(
        shipped, "v4_balanced_clip", "image"
    )
    write_experiment("base: v4_balanced_clip.yaml\nimage: {augmentation: null, views: 0}")
    assert files_of(plan("versions: [mine]"), "mine", "image") == ["evaluation"]


def test_only_views_that_some_experiment_reads_are_encoded_each_once():
    mine = plan("versions: [ablation/text_only]\nablation: [text_only]\nseeds: {experiments: []}")
    assert [job.name for job in mine.encodings] == ["encode_clip_text"]
    assert [view.name for view in mine.encodings[0].views] == ["whitespace"]
    shipped = plan()
    encoded = [view.path for job in shipped.encodings for view in job.views]
    assert len(encoded) == len(set(encoded))
    assert {p for name in shipped.rows for p in (view.path for view in shipped.views[name])} == set(
        encoded
    )


def test_the_seed_makes_the_augmented_views_but_not_the_evaluation_view():
    one, two = (plan(f"seed: {seed}").views["v4_balanced_clip"] for seed in (42, 43))
    for view, other in zip(one, two, strict=True):
        same = dict(view.settings) == dict(other.settings)
        assert same == (view.settings["policy"] is None), view.name


def test_only_experiments_that_train_a_part_of_an_encoder_read_its_settings():
    shipped = plan()
    trained = {name: set(shipped.trained_encoders(name)) for name in shipped.versions}
    assert trained == {
        "v1_baseline": {"pixels"}, "v2_enhanced": {"text", "pixels"}, "v3_clip": set(),
        "v4_balanced_clip": set(), "v5_multi_fusion": set(), "v6_adaptive": set(),
    }  # fmt: skip
    assert shipped.searches("v5_multi_fusion", "2") == ["results/search/v5_multi_fusion/2.json"]
    assert shipped.searches("v4_balanced_clip", "2") == []


@pytest.mark.parametrize(
    ("profile", "version", "encoder", "limit"),
    [
        ("paper", "v1_baseline", "text", 128),
        ("paper", "v3_clip", "clip", 77),
        ("offline", "v3_clip", "clip", 64),  # the limit of its text encoder
        ("offline", "ablation/image_only", "text", 64),
    ],
)
def test_token_lengths_go_with_the_limit_of_their_encoder(profile, version, encoder, limit):
    mine = plan(f"profile: {profile}\nversions: [{version}]\nablation: []\n"
                "seeds: {experiments: []}")  # fmt: skip
    assert f"/{encoder}/text." in mine.token_view.path
    assert mine.data_settings["max_length"] == limit


def test_pixels_ask_for_no_gpu():
    mine = plan("device: cuda")
    asked = {job.encoder: mine.encoding_resources(job)["gpu"] for job in mine.encodings}
    assert asked == {"text": 1, "clip": 1, "pixels": 0}


def test_a_table_without_rows_is_no_table():
    assert list(plan().tables) == ["versions", "ablation"]
    alone = plan("ablation: []")
    assert list(alone.tables) == ["versions"]
    assert alone.rows == alone.versions


def test_repeated_experiments_need_not_be_rows():
    mine = plan("seeds: {experiments: [fine_tuned]}")
    assert "fine_tuned" in mine.experiments
    assert "fine_tuned" not in mine.rows


def test_the_paper_protocol_is_trained_on_the_study_s_split_and_on_request_alone():
    grouped, both = plan(), plan("protocol: both")
    assert grouped.paper_metrics("versions") == []
    assert both.paper_metrics("vlm") == ["results/paper/metrics/vlm.json"]
    # 80/20 in the study's first code, 85/15 in the others.
    assert both.fold_table(paths.PAPER, "v1_baseline") == "results/paper/split/0.2.tsv"
    for name in [*both.versions[1:], *both.tables["ablation"]]:
        assert both.fold_table(paths.PAPER, name) == "results/paper/split/0.15.tsv"
    assert both.fold_table("", "v1_baseline") == "results/data/folds.tsv"
    assert both.folds("v1_baseline", paths.PAPER) == [0]


def test_vision_language_models_have_neither_embeddings_nor_rows():
    shipped = plan()
    assert shipped.trained_vlms == ["qwen2_vl_2b"]
    assert shipped.zero_shot_vlms == ["qwen2_vl_zero_shot"]
    assert shipped.runs(shipped.vlms, "metrics.json") == [
        "results/runs/qwen2_vl_2b/0/metrics.json", "results/runs/qwen2_vl_zero_shot/0/metrics.json"
    ]  # fmt: skip
    assert not {*shipped.vlms} & {*shipped.experiments, *shipped.rows, *shipped.views}
    none = plan("vlm: []")
    assert none.vlms == none.if_vlms(paths.VLM) == none.runs(none.vlms, "metrics.json") == []


@pytest.mark.parametrize(("folds", "expected"), [("[2, 0]", [0, 2]), ("null", [0, 1, 2, 3, 4])])
def test_a_vision_language_model_runs_its_folds_or_all(folds, expected):
    write_experiment(f"base: qwen2_vl_2b.yaml\nfolds: {folds}\n")
    assert plan("vlm: [mine]").folds("mine") == expected


# The data set.


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
    assert mine.total_bytes("image") == 10
    assert mine.label_lists == [f"{posts}/train.txt"]
    (posts / "test_without_label.txt").write_text("guid,tag\n", encoding="utf-8")
    assert plan(f"dataset: {posts}").label_lists[1:] == [f"{posts}/test_without_label.txt"]


def test_a_tilde_in_the_dataset_is_the_home_folder(posts, monkeypatch):
    monkeypatch.setenv("HOME", str(posts.parent))
    assert plan("dataset: ~/mvsa").dataset == str(posts)


def test_lists_are_known_by_their_content(posts):
    (before,) = plan(f"dataset: {posts}").list_hashes
    path = posts / "train.txt"
    path.write_text(path.read_text().replace("positive", "negative"), encoding="utf-8")
    assert plan(f"dataset: {posts}").list_hashes != [before]
    assert plan().list_hashes == []


def test_the_published_settings_do_not_tell_where_the_posts_are(posts):
    published = plan(f"dataset: {posts}").public_settings
    assert published["dataset"] == "mvsa/"
    assert "someone" not in json.dumps(published)
    # A folder of that name is no generated data set.
    folder = posts.rename(posts.parent / "demo")
    assert plan(f"dataset: {folder}").public_settings["dataset"] == "demo/"
    assert plan().public_settings["dataset"] == "demo"


def test_a_dataset_without_a_data_folder_or_without_one_kind_of_file_is_refused(posts):
    for suffix in (".jpg", ".txt"):
        for path in (posts / "data").glob(f"*{suffix}"):
            path.unlink()
        with pytest.raises(DatasetError, match=suffix):
            plan(f"dataset: {posts}")
    shutil.rmtree(posts / "data")
    with pytest.raises(DatasetError, match="data: no such folder"):
        plan(f"dataset: {posts}")
