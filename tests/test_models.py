"""Each mechanism of the networks, which could silently be missing."""

import pytest
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock

from conftest import ROOT
from mmsent.config.profile import load_profile
from mmsent.models.branches import States, TokenBranch
from mmsent.models.convolution import residual_network
from mmsent.models.dropout import Dropout
from mmsent.models.fusion import (
    ADAPTIVE_PARTS,
    AdaptiveFusion,
    AttentionFusion,
    CrossAttentionFusion,
    EarlyFusion,
    LateFusion,
)
from mmsent.models.network import TOKENS, FusionNetwork, trained_parameters, trained_state
from mmsent.plan.resolve import resolve
from mmsent.training.fitting import optimiser_for

VERSIONS = ["v1_baseline", "v2_enhanced", "v3_clip", "v4_balanced_clip", "v5_multi_fusion",
            "v6_adaptive"]  # fmt: skip
SMALL = {
    "v1_baseline": {"image": {"network": {"widths": [4, 6, 8]}}},
    "v2_enhanced": {"image": {"network": {"widths": [4, 6, 8, 10], "blocks": 1}}},
}


ENCODERS = load_profile(ROOT / "config/profiles/offline.yaml").encoders


def version(name, **changes):
    return resolve(name, {}).settings.varied(SMALL.get(name, {}), changes)


def network_of(experiment):
    encoders = {name: ENCODERS.specification(name) for name in ("text", "pixels")}
    sizes = {"text": 384, "image": 1280}
    torch.manual_seed(0)
    return FusionNetwork(experiment, sizes, encoders)


def batch_of(experiment, posts=4, size=384, seed=1):
    generator = torch.Generator().manual_seed(seed)
    batch = {}
    if experiment.text.trained_layers:
        batch["text"] = torch.randn(posts, 7, size, generator=generator).half()
        batch[TOKENS] = torch.tensor([7, 3, 5, 2]).repeat(posts // 4 + 1)[:posts]
    else:
        batch["text"] = torch.randn(posts, size, generator=generator)
    if experiment.image.network:
        pixels = torch.randint(256, (posts, 3, 64, 64), generator=generator)
        batch["image"] = pixels.to(torch.uint8)
    else:
        batch["image"] = torch.randn(posts, 1280, generator=generator)
    return batch


def changed(batch, name):
    other = batch[name].clone()
    other[0] = other[0].flip(-1)
    return batch | {name: other}


@pytest.mark.parametrize("name", VERSIONS)
def test_both_modalities_of_every_version_reach_the_logits(name):
    experiment = version(name)
    network, batch = network_of(experiment).eval(), batch_of(experiment)
    logits = network(batch)
    assert logits.shape == (4, 3)
    for modality in ("text", "image"):
        other = network(changed(batch, modality))
        assert not torch.allclose(logits[0], other[0], atol=1e-4), modality
        torch.testing.assert_close(logits[1:], other[1:])  # a post is judged by itself


@pytest.mark.parametrize("name", ["v1_baseline", "v3_clip", "v4_balanced_clip", "v6_adaptive"])
@pytest.mark.parametrize("modality", ["text", "image"])
def test_an_unused_modality_changes_nothing(name, modality):
    other = "image" if modality == "text" else "text"
    experiment = version(name, modality=modality, fusion="late")
    network, batch = network_of(experiment).eval(), batch_of(experiment)
    assert torch.equal(network(batch), network(changed(batch, other)))
    assert torch.equal(network(batch), network({modality: batch[modality]}))
    assert not torch.equal(network(batch), network(changed(batch, modality)))
    assert not any(other in key for key, _ in network.named_parameters())


@pytest.mark.parametrize("name", VERSIONS)
def test_gradients_reach_exactly_the_layers_that_the_settings_name(name):
    experiment = version(name)
    network = network_of(experiment).train()
    before = {key: p.detach().clone() for key, p in network.named_parameters()}
    optimiser = optimiser_for(network, network.encoder_parameters(), experiment.optimiser)
    loss = network(batch_of(experiment)).square().sum()
    loss.backward()
    # AdamW alone decays weights without a gradient: what is frozen must not be in it at all.
    optimiser.step()
    moved = {key for key, p in network.named_parameters() if not torch.equal(p, before[key])}
    trained = {key for key, p in network.named_parameters() if p.requires_grad}
    assert moved == trained
    pretrained = {key for key in before if key.startswith("branches.text.layers")}
    if name == "v2_enhanced":
        layers = {key.split(".layer.")[1].split(".")[0] for key in pretrained & trained}
        assert layers == {"0", "1", "2"}
        assert {key for key in pretrained if ".layer." in key} == pretrained & trained
    else:
        assert not pretrained  # frozen encoders are not even in the network
    assert trained_parameters(network) == sum(before[key].numel() for key in trained)
    assert trained <= trained_state(network).keys()


@pytest.mark.parametrize("name", VERSIONS)
def test_dropout_of_every_layer_is_drawn_in_blocks(name):
    network = network_of(version(name))
    drawn = [module for module in network.modules() if isinstance(module, nn.Dropout)]
    assert drawn
    assert {type(module) for module in drawn} == {Dropout}


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_dropout_zeroes_a_fraction_p_and_keeps_the_mean(p):
    torch.manual_seed(0)
    states = torch.ones(400, 500, requires_grad=True)
    layer = Dropout(p)
    dropped = layer(states)
    assert (dropped == 0).float().mean().item() == pytest.approx(p, abs=0.005)
    assert dropped[dropped > 0].unique().tolist() == pytest.approx([1 / (1 - p)])
    dropped.sum().backward()
    assert torch.equal(states.grad, dropped)  # no gradient where it was zeroed
    assert layer.eval()(states) is states


def test_v2_trains_the_last_three_layers_of_the_text_encoder_and_no_other():
    from transformers import AutoModel

    from mmsent.encoders.weights import locate

    whole = AutoModel.from_pretrained(locate(ENCODERS.text.source)).encoder.layer
    branch = network_of(version("v2_enhanced")).branches["text"]
    assert isinstance(branch, TokenBranch)
    found = [p for p in branch.parameters() if p.requires_grad]
    expected = [p for layer in whole[-3:] for p in layer.parameters()]
    assert len(found) == len(expected)
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_the_encoder_may_have_a_learning_rate_of_its_own():
    experiment = version("v2_enhanced", optimiser={"encoder_learning_rate": 1e-6})
    network = network_of(experiment)
    optimiser = optimiser_for(network, network.encoder_parameters(), experiment.optimiser)
    new, encoder = optimiser.param_groups
    assert (new["lr"], encoder["lr"]) == (2e-5, 1e-6)
    ids = {id(p) for p in network.branches["text"].parameters()}
    assert all(id(p) in ids for p in encoder["params"])
    assert not any(id(p) in ids for p in new["params"])


def test_padding_of_the_batch_does_not_reach_a_text():
    experiment = version("v2_enhanced")
    network, batch = network_of(experiment).eval(), batch_of(experiment)
    logits = network(batch)
    filled = batch["text"].clone()
    for row, own in enumerate(batch[TOKENS].tolist()):
        filled[row, own:] = 3.0
    torch.testing.assert_close(network(batch | {"text": filled}), logits)
    alone = {key: tensor[1:2] for key, tensor in batch.items()}
    torch.testing.assert_close(network(alone), logits[1:2], atol=1e-4, rtol=1e-4)


def test_cross_attention_runs_over_tokens_and_patches_both_ways():
    experiment = version("v2_enhanced")
    network = network_of(experiment).eval()
    seen = {}

    def note(name):
        return lambda module, args, kwargs, out: seen.update({name: [a.shape[1] for a in args[:2]]})

    for name in ("tokens_to_patches", "patches_to_tokens"):
        module = getattr(network.fusion, name)
        module.register_forward_hook(note(name), with_kwargs=True)
    batch = batch_of(experiment)
    batch["image"] = torch.randint(256, (4, 3, 96, 96), dtype=torch.uint8)
    network(batch)
    assert seen == {"tokens_to_patches": [7, 9], "patches_to_tokens": [9, 7]}


def test_cross_attention_keeps_a_path_around_itself():
    fusion = CrossAttentionFusion([8, 8]).eval()
    nn.init.zeros_(fusion.attended.weight)
    nn.init.zeros_(fusion.attended.bias)
    states = [
        States(torch.randn(2, 8), torch.randn(2, 5, 8), torch.ones(2, 5, dtype=torch.bool)),
        States(torch.randn(2, 8), torch.randn(2, 4, 8)),
    ]
    vectors = torch.cat([state.vector for state in states], dim=1)
    torch.testing.assert_close(fusion(states), fusion.concatenated(vectors))


def test_residual_blocks_have_real_skips():
    settings = version("v2_enhanced").image.network
    network = residual_network(settings)
    blocks = [layer for layer in network if isinstance(layer, BasicBlock)]
    assert len(blocks) == len(settings.widths) * settings.blocks
    for block in blocks:
        for layer in (block.conv1, block.conv2):
            nn.init.zeros_(layer.weight)
    network.eval()
    a, b = (network(torch.randn(1, 3, 64, 64)) for _ in range(2))
    assert a.shape == (1, 10, 2, 2)
    assert not torch.allclose(a, b)  # through the skips alone


def vectors(*values):
    return [States(torch.tensor([value], dtype=torch.float32)) for value in values]


def test_late_concatenates_and_early_adds():
    states = vectors([1, 2], [10, 20])
    assert LateFusion([2, 2])(states).tolist() == [[1, 2, 10, 20]]
    assert EarlyFusion([2, 2])(states).tolist() == [[11, 22]]


def test_attention_weighs_by_mean_dot_product():
    states = vectors([1, 0, 0, 0], [0, 2, 0, 0])
    # Products [[1, 0], [0, 4]] / 2, means of the rows .25 and 1.
    weights = torch.softmax(torch.tensor([0.25, 1.0]), 0)
    expected = torch.stack([weights[0], 2 * weights[1], torch.tensor(0.0), torch.tensor(0.0)])
    torch.testing.assert_close(AttentionFusion([4, 4])(states)[0], expected)


def test_the_gate_starts_even_and_weighs_each_post_by_itself():
    torch.manual_seed(0)
    fusion = AdaptiveFusion([6, 6])
    states = [States(torch.randn(5, 6)) for _ in range(2)]
    assert torch.allclose(fusion.weights(states), torch.full((5, len(ADAPTIVE_PARTS)), 1 / 3))
    nn.init.normal_(fusion.gate.weight)
    weights = fusion.weights(states)
    assert torch.allclose(weights.sum(1), torch.ones(5))
    assert weights.std(0).min() > 0.01
    with torch.no_grad():
        fusion.gate.weight.zero_()
        fusion.gate.bias.copy_(torch.tensor([0.0, 99.0, 0.0]))
    torch.testing.assert_close(fusion(states), fusion.norms[1](EarlyFusion([6, 6])(states)))


@pytest.mark.parametrize(
    ("fusion", "projection", "modality", "message"),
    [
        ("early", None, "both", "without a projection"),
        ("adaptive", {"norm": "layer"}, "text", "both modalities"),
        ("cross_attention", {"norm": "layer"}, "both", "trained_layers"),
    ],
)
def test_settings_that_do_not_fit_are_refused(fusion, projection, modality, message):
    with pytest.raises(ValueError, match=message):
        version("v3_clip", fusion=fusion, projection=projection, modality=modality)


def test_stored_vectors_are_standardised_by_the_training_posts():
    experiment = version("v4_balanced_clip", vectors={"standardise": True, "dropout": 0.3})
    network = network_of(experiment)
    given = {"text": 5 + 3 * torch.randn(400, 384), "image": torch.randn(400, 1280) - 2}
    given["text"][:, 0] = 1.0  # a dimension that never varies must not be blown up
    network.standardise(given)
    network.eval()
    for name, vectors in given.items():
        standardised = network.branches[name](vectors).vector
        assert standardised.mean(0).abs().max() < 1e-3
        assert standardised[:, 1:].std(0).sub(1).abs().max() < 1e-3
        one = network.branches[name](vectors[:1]).vector
        torch.testing.assert_close(one, standardised[:1])
    assert {"branches.text.mean", "branches.image.deviation"} <= trained_state(network).keys()
    network.train()
    dropped = network.branches["image"](given["image"]).vector == 0
    assert 0.25 < dropped.float().mean() < 0.35
