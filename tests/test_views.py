"""Views of images: the encoder's size, the image's proportions, draws that depend on the post."""

import numpy as np
import pytest
import torch
from PIL import Image

from conftest import ROOT
from mmsent.config.augmentation import OPERATIONS, Augmentation, load_augmentations
from mmsent.config.validation import ConfigError
from mmsent.encoders.towers import ImageTower
from mmsent.encoders.views import (
    MOST_ELONGATED,
    _resized,
    augmented_view,
    evaluation_view,
    operation,
    view_maker,
)


def noise(seed=0, size=(300, 180)):
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


POLICIES = {
    name: policy.model_dump()
    for name, policy in load_augmentations(ROOT / "config/augmentations.yaml", Augmentation).items()
}


def test_a_view_depends_on_image_number_and_seed_alone():
    def view(sha256="ab" * 32, number=1, seed=42):
        return augmented_view(noise(), POLICIES["resize_crop"], 64, sha256, number, seed)

    torch.manual_seed(1)
    first = view()
    drawn = torch.rand(3)
    assert torch.equal(first, view())
    for other in (view(sha256="cd" * 32), view(number=2), view(seed=43)):
        assert not torch.equal(first, other)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(3), drawn), "the global generator is left alone"


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


def test_the_share_of_the_crop_is_what_the_view_shows():
    framed = Image.new("RGB", (100, 100), "red")
    framed.paste("blue", (10, 10, 90, 90))
    whole, middle = (evaluation_view(framed, 70, share) for share in (1.0, 0.7))
    assert (whole[0] > 128).any()
    assert not (middle[0] > 128).any()
    tower = ImageTower(torch.nn.Identity(), 70, 0.7, [0.5] * 3, [0.5] * 3)
    for number, seed in ((0, 1), (3, 9)):  # without a policy nothing is drawn
        assert torch.equal(view_maker(tower, None, number, seed)(framed, "00" * 32), middle)


def test_a_strip_does_not_become_a_huge_image():
    strip = Image.new("RGB", (20_000, 2), "red")
    assert evaluation_view(strip, 224).shape == (3, 224, 224)
    assert _resized(strip, 224).shape == (3, 224, 224 * MOST_ELONGATED)


def test_each_known_operation_changes_an_image():
    settings = {
        "random_crop": {}, "random_resized_crop": {"scale": [0.8, 1.0]},
        "horizontal_flip": {"p": 1.0}, "rotation": {"degrees": 10}, "translation": {"share": 0.1},
        "color_jitter": {"brightness": 0.5}, "sharpness": {"factor": 2.0},
        "blur": {"sigma": [1.0, 1.0]}, "erasing": {"p": 1.0},
        "one_of": {"p": 1.0, "contrast": 0.5},
    }  # fmt: skip
    assert settings.keys() == OPERATIONS.keys()
    image = evaluation_view(noise(), 64)
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
    "noise": noise(),
}


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_makes_a_view_of_any_image(name):
    for odd, image in ODD.items():
        for size in (112, 224):
            views = [augmented_view(image, POLICIES[name], size, "ab" * 32, 1, 42) for _ in "12"]
            assert views[0].shape == (3, size, size), odd
            assert views[0].dtype == torch.uint8
            assert torch.equal(*views), odd


@pytest.mark.parametrize("name", POLICIES)
def test_the_views_of_every_policy_differ_and_show_the_image(name):
    views = [
        augmented_view(noise(), POLICIES[name], 112, f"{n:064x}", n, 42).float() for n in range(40)
    ]
    assert len({tuple(view.flatten()[:999].tolist()) for view in views}) > 1
    # No view is blank, or black but for a corner: edges come in by rotation, moving and erasing.
    assert min(float(view.std()) for view in views) > 10
    assert max(float((view == 0).float().mean()) for view in views) < 0.5


def one_of(image, number, **settings):
    torch.manual_seed(number)
    return operation("one_of", settings, 32)(image)


def test_one_of_happens_as_often_as_its_probability_says():
    image = evaluation_view(noise(), 32)
    widths = {"brightness": 0.5, "contrast": 0.5, "saturation": 0.5, "sharpness": 0.5}
    for p, least, most in ((0.0, 0, 0), (0.3, 0.22, 0.38), (1.0, 0.99, 1)):
        changed = sum(not torch.equal(one_of(image, n, p=p, **widths), image) for n in range(400))
        assert least <= changed / 400 <= most


def test_one_of_draws_evenly_from_those_above_zero_alone(monkeypatch):
    drawn = []

    def noting(name):
        return lambda image, factor: drawn.append((name, factor)) or image

    names = ("brightness", "contrast", "saturation", "sharpness")
    monkeypatch.setattr("mmsent.encoders.views._ADJUSTMENTS", {n: noting(n) for n in names})
    image = evaluation_view(noise(), 32)
    for number in range(600):
        one_of(image, number, p=1.0, brightness=0.2, saturation=0.0, sharpness=0.5)
    factors = {name: [f for n, f in drawn if n == name] for name in names}
    assert not factors["contrast"]
    assert not factors["saturation"]
    assert 230 < len(factors["brightness"]) < 370
    for name, width in (("brightness", 0.2), ("sharpness", 0.5)):
        assert 1 - width <= min(factors[name]) < 1 - 0.9 * width
        assert 1 + 0.9 * width < max(factors[name]) <= 1 + width


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("{p: 0.3, contrast: 0}", "must be above 0"),
        ("{brightness: 0.2}", "p: this key is required"),
        ("{p: 0.3, brightness: 1.2}", "brightness"),
        ("{p: 0.3, brigthness: 0.2}", "did you mean 'brightness'"),
    ],
)
def test_one_of_nothing_and_unknown_adjustments_are_refused(tmp_path, settings, message):
    path = tmp_path / "augmentations.yaml"
    path.write_text(f"mine:\n  operations:\n    - one_of: {settings}\n")
    with pytest.raises(ConfigError, match=message):
        load_augmentations(path, Augmentation)
