import numpy as np
import pytest
import torch
from PIL import Image

from conftest import ROOT
from mmsent.config.augmentation import OPERATIONS, Augmentation, load_augmentations
from mmsent.config.validation import ConfigError
from mmsent.encoders.encode_image import view_maker
from mmsent.encoders.towers import ImageTower
from mmsent.encoders.views import (
    MOST_ELONGATED,
    _resized,
    augmented_view,
    evaluation_view,
    operation,
)


def picture(seed=0, size=(300, 180)):
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


POLICIES = load_augmentations(ROOT / "config/augmentations.yaml", Augmentation)


def policy(in_root):
    return POLICIES["resize_crop"].model_dump()


def test_views_of_a_picture_differ_from_one_another(in_root):
    views = [augmented_view(picture(), policy(in_root), 64, "ab" * 32, n, 42) for n in range(1, 5)]
    distinct = {tuple(view.flatten().tolist()) for view in views}
    assert len(distinct) == 4


def test_a_view_depends_on_picture_number_and_seed_alone(in_root):
    torch.manual_seed(1)
    first = augmented_view(picture(), policy(in_root), 64, "ab" * 32, 1, 42)
    torch.manual_seed(2)
    torch.rand(100)
    again = augmented_view(picture(), policy(in_root), 64, "ab" * 32, 1, 42)
    other_seed = augmented_view(picture(), policy(in_root), 64, "ab" * 32, 1, 43)
    assert torch.equal(first, again)
    assert not torch.equal(first, other_seed)


def test_making_a_view_leaves_the_global_generator_alone(in_root):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    augmented_view(picture(), policy(in_root), 64, "cd" * 32, 1, 42)
    assert torch.equal(torch.rand(3), expected)


def tower(size, crop_share=1.0):
    return ImageTower(torch.nn.Identity(), size, crop_share, [0.5] * 3, [0.5] * 3)


def test_the_evaluation_view_is_never_random():
    first, second = (
        view_maker(None, tower(32), number, seed)(picture(), "00" * 32)
        for number, seed in ((0, 1), (3, 9))
    )
    assert torch.equal(first, second)
    assert torch.equal(first, evaluation_view(picture(), 32))


def test_proportions_are_kept():
    wide = Image.new("RGB", (200, 100), "red")
    wide.paste("blue", (80, 30, 120, 70))  # a square in the middle
    for view in (
        evaluation_view(wide, 64),
        augmented_view(wide, {"margin": 0, "operations": []}, 64, "0", 0, 0),
    ):
        blue = view[2] > 128
        height, width = int(blue.any(1).sum()), int(blue.any(0).sum())
        assert abs(height - width) <= 1
        assert abs(height - 64 * 0.4) <= 2


def test_the_share_of_the_crop_says_how_much_is_seen():
    framed = Image.new("RGB", (100, 100), "red")
    framed.paste("blue", (10, 10, 90, 90))
    whole, middle = (evaluation_view(framed, 70, share) for share in (1.0, 0.7))
    assert (whole[0] > 128).any()
    assert not (middle[0] > 128).any()
    assert torch.equal(view_maker(None, tower(70, 0.7), 0, 0)(framed, ""), middle)


def test_a_strip_does_not_become_a_huge_picture():
    strip = Image.new("RGB", (20_000, 2), "red")
    assert evaluation_view(strip, 224).shape == (3, 224, 224)
    assert _resized(strip, 224).shape == (3, 224, 224 * MOST_ELONGATED)


def test_every_view_has_the_size_of_the_encoder(in_root):
    for size in ((48, 48), (30, 400), (600, 50)):
        view = augmented_view(picture(size=size), policy(in_root), 64, "ef" * 32, 1, 42)
        assert view.shape == (3, 64, 64)
        assert view.dtype == torch.uint8


def test_each_known_operation_can_be_built():
    settings = {
        "random_crop": {}, "random_resized_crop": {"scale": [0.8, 1.0]},
        "horizontal_flip": {"p": 1.0}, "rotation": {"degrees": 10}, "translation": {"share": 0.1},
        "color_jitter": {"brightness": 0.5}, "sharpness": {"factor": 2.0},
        "blur": {"sigma": [1.0, 1.0]}, "erasing": {"p": 1.0},
        "one_of": {"p": 1.0, "contrast": 0.5},
    }  # fmt: skip
    assert settings.keys() == OPERATIONS.keys()
    image = evaluation_view(picture(), 64)
    torch.manual_seed(0)
    for name, values in settings.items():
        if name != "random_crop":
            assert not torch.equal(operation(name, values, 64)(image), image), name


ODD = {
    "dot": Image.new("RGB", (1, 1), "red"),
    "wide strip": Image.new("RGB", (4000, 1), "blue"),
    "high strip": Image.new("RGB", (1, 4000), "blue"),
    "grey": Image.new("L", (90, 60), 120),
    "palette": Image.new("P", (60, 90)),
    "noise": picture(),
}


@pytest.mark.parametrize("size", [112, 224])
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_makes_a_view_of_any_picture(name, odd, size):
    settings = POLICIES[name].model_dump()
    for number in range(1, 4):
        view = augmented_view(ODD[odd], settings, size, "ab" * 32, number, 42)
        assert view.shape == (3, size, size)
        assert view.dtype == torch.uint8
        assert torch.equal(view, augmented_view(ODD[odd], settings, size, "ab" * 32, number, 42))
    assert evaluation_view(ODD[odd], size, 0.875).shape == (3, size, size)


@pytest.mark.parametrize("name", POLICIES)
def test_the_views_of_every_policy_differ_and_show_the_picture(name):
    settings = POLICIES[name].model_dump()
    views = [
        augmented_view(picture(), settings, 112, f"{n:064x}", n, 42).float() for n in range(40)
    ]
    assert len({tuple(view.flatten()[:999].tolist()) for view in views}) > 1
    # No view is blank, or black but for a corner: edges come in by rotation, moving and erasing.
    assert min(float(view.std()) for view in views) > 10
    assert max(float((view == 0).float().mean()) for view in views) < 0.5


def test_the_heavy_policy_moves_and_erases():
    white = Image.new("RGB", (300, 300), "white")
    operations = POLICIES["heavy"].model_dump()["operations"]
    assert {name for step in operations for name in step} >= {"translation", "erasing"}
    for kept, least in (("translation", 0.01), ("erasing", 0.01)):
        only = {"margin": 0, "operations": [step for step in operations if kept in step]}
        black = [
            float((augmented_view(white, only, 112, f"{n:064x}", 1, 42) == 0).float().mean())
            for n in range(60)
        ]
        assert max(black) > least, kept
        assert max(black) < 0.4, kept


def one_of(image, number, **settings):
    torch.manual_seed(number)
    return operation("one_of", settings, 32)(image)


def test_one_of_changes_nothing_without_probability_and_always_something_with_it():
    image = evaluation_view(picture(), 32)
    widths = {"brightness": 0.5, "contrast": 0.5, "saturation": 0.5, "sharpness": 0.5}
    for number in range(50):
        assert torch.equal(one_of(image, number, p=0.0, **widths), image)
        assert not torch.equal(one_of(image, number, p=1.0, **widths), image)


def test_one_of_happens_as_often_as_its_probability_says():
    image = evaluation_view(picture(), 32)
    same = sum(torch.equal(one_of(image, n, p=0.3, brightness=0.5), image) for n in range(400))
    assert 0.62 < same / 400 < 0.78


def test_one_of_draws_evenly_from_those_above_zero_alone(monkeypatch):
    drawn = []

    def noting(name):
        return lambda image, factor: drawn.append((name, factor)) or image

    names = ("brightness", "contrast", "saturation", "sharpness")
    monkeypatch.setattr("mmsent.encoders.views._ADJUSTMENTS", {n: noting(n) for n in names})
    image = evaluation_view(picture(), 32)
    for number in range(600):
        one_of(image, number, p=1.0, brightness=0.2, saturation=0.0, sharpness=0.5)
    factors = {name: [f for n, f in drawn if n == name] for name in names}
    assert not factors["contrast"]
    assert not factors["saturation"]
    assert 230 < len(factors["brightness"]) < 370
    for name, width in (("brightness", 0.2), ("sharpness", 0.5)):
        assert 1 - width <= min(factors[name]) < 1 - 0.9 * width
        assert 1 + 0.9 * width < max(factors[name]) <= 1 + width


def test_one_of_nothing_and_unknown_adjustments_are_refused(tmp_path):
    for settings, message in (
        ("{p: 0.3}", "must be above 0"),
        ("{p: 0.3, contrast: 0}", "must be above 0"),
        ("{brightness: 0.2}", "p"),
        ("{p: 0.3, brightness: 1.2}", "brightness"),
        ("{p: 0.3, brigthness: 0.2}", "did you mean 'brightness'"),
    ):
        path = tmp_path / "augmentations.yaml"
        path.write_text(f"mine:\n  operations:\n    - one_of: {settings}\n")
        with pytest.raises(ConfigError, match=message):
            load_augmentations(path, Augmentation)
