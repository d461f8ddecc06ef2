"""The optimiser of a run."""

import torch

from mmsent.config.fitting import Optimiser
from mmsent.models.branches import TokenBranch
from mmsent.models.network import FusionNetwork


def optimiser_for(network: FusionNetwork, settings: Optimiser) -> torch.optim.AdamW:
    """AdamW over what is trained; the trained layers of an encoder may have a rate of their own."""
    encoder = [
        parameter
        for branch in network.branches.values()
        if isinstance(branch, TokenBranch)
        for parameter in branch.parameters()
        if parameter.requires_grad
    ]
    known = {id(parameter) for parameter in encoder}
    new = [p for p in network.parameters() if p.requires_grad and id(p) not in known]
    groups = [{"params": new, "lr": settings.learning_rate}]
    if encoder:
        rate = settings.encoder_learning_rate or settings.learning_rate
        groups.append({"params": encoder, "lr": rate})
    return torch.optim.AdamW(groups, weight_decay=settings.weight_decay, fused=True)
