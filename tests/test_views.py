import numpy as np
import torch
from PIL import Image

from mmsent.config.augmentation import load_augmentations
from mmsent.encoders.passes import view_maker
from mmsent.encoders.views import augmented_view, evaluation_view, operation


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


def test_the_evaluation_view_is_the_whole_picture_and_never_random(in_root):
    left = Image.new("RGB", (200, 100), "red")
    left.paste("blue", (190, 0, 200, 100))
    views = [view_maker(None, 32, number, seed)(left, "00" * 32)
             for number, seed in ((0, 1), (3, 9))]  # fmt: skip
    assert torch.equal(views[0], views[1])
    assert torch.equal(views[0], evaluation_view(left, 32))
    # The blue edge is still there: nothing is cut off.
    assert views[0][2, :, -1].float().mean() > 200


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
