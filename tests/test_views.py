import numpy as np
import torch
from PIL import Image

from mmsent.config.augmentation import load_augmentations
from mmsent.encoders.passes import view_maker
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


def policy(in_root):
    return load_augmentations(in_root / "config/augmentations.yaml")["resize_crop"].model_dump()


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
    }  # fmt: skip
    from mmsent.config.augmentation import OPERATIONS

    assert settings.keys() == OPERATIONS.keys()
    image = evaluation_view(picture(), 64)
    torch.manual_seed(0)
    for name, values in settings.items():
        if name != "random_crop":
            assert not torch.equal(operation(name, values, 64)(image), image), name
