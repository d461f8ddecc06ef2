"""The optimiser is torch's AdamW, to the bit, and continues where it stopped."""

import torch
from torch import nn

from mmsent.training.optimiser import AdamW


def gradients(network: nn.Module, seed: int) -> None:
    """Set gradients; one layer has none in every second step, as one that a batch does not use."""
    generator = torch.Generator().manual_seed(seed)
    for number, parameter in enumerate(network.parameters()):
        drawn = torch.randn(parameter.shape, generator=generator)
        parameter.grad = None if number > 1 and seed % 2 else drawn


def networks() -> tuple[nn.Module, nn.Module]:
    """Two equal networks."""
    first = nn.Sequential(nn.Linear(40, 30), nn.Linear(30, 3))
    second = nn.Sequential(nn.Linear(40, 30), nn.Linear(30, 3))
    second.load_state_dict(first.state_dict())
    return first, second


def groups(network: nn.Sequential) -> list[dict[str, object]]:
    """A group for each layer, as of an encoder with another learning rate."""
    return [
        {"params": layer.parameters(), "lr": 10.0**-power} for power, layer in enumerate(network, 1)
    ]


def test_steps_are_those_of_torch():
    ours, theirs = networks()
    optimiser = AdamW(groups(ours), 0.05)
    reference = torch.optim.AdamW(groups(theirs), weight_decay=0.05, fused=True)
    for step in range(7):
        for network, each in ((ours, optimiser), (theirs, reference)):
            each.zero_grad()
            gradients(network, step)
            each.step()
        for group in (*optimiser.param_groups, *reference.param_groups):
            group["lr"] *= 0.8
    assert all(map(torch.equal, ours.parameters(), theirs.parameters()))


def test_a_saved_state_continues_the_same_steps(tmp_path):
    whole, resumed = networks()
    first, before = AdamW(groups(whole), 0.05), AdamW(groups(resumed), 0.05)
    for step in range(3):
        for network, each in ((whole, first), (resumed, before)):
            gradients(network, step)
            each.step()
    torch.save(before.state_dict(), tmp_path / "state.pt")
    after = AdamW(groups(resumed), 0.05)
    after.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    for network, each in ((whole, first), (resumed, after)):
        gradients(network, 3)
        each.step()
    assert all(map(torch.equal, whole.parameters(), resumed.parameters()))
