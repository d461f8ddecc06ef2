"""Convolutional networks over pixels, trained from scratch (the study's section 3)."""

from torch import nn

from mmsent.config.network import ImageNetwork


def convolution(settings: ImageNetwork) -> nn.Sequential:
    """Return the network of an experiment: images ``(batch, 3, side, side)`` to feature maps.

    The output is ``(batch, widths[-1], rows, columns)``: one state for each patch of the image.
    """
    build = {"plain": plain_network, "residual": residual_network}[settings.kind]
    return build(settings)


def plain_network(settings: ImageNetwork) -> nn.Sequential:
    """A 3 x 3 convolution of stride 2 for each width (section 3, first code)."""
    layers: list[nn.Module] = []
    channels = 3
    for width in settings.widths:
        layers += [
            nn.Conv2d(channels, width, 3, stride=2, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Dropout2d(settings.dropout),
        ]
        channels = width
    return nn.Sequential(*layers)


def residual_network(settings: ImageNetwork) -> nn.Sequential:
    """Residual stages (section 3, second code; He et al. 2016), each block with its skip.

    A 7 x 7 convolution of stride 2 and pooling, then ``blocks`` basic blocks of each width; from
    the second width on, the first block halves the sides.
    """
    # torchvision imports torch's compiler.
    from torchvision.models.resnet import BasicBlock

    channels = settings.widths[0]
    layers: list[nn.Module] = [
        nn.Conv2d(3, channels, 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
    ]
    for stage, width in enumerate(settings.widths):
        for block in range(settings.blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            skip = None
            if stride > 1 or channels != width:
                # Every second row and column, then the convolution: a strided 1 x 1 convolution
                # corrupts memory in its backward pass on CPUs without AVX-512 (torch 2.15,
                # channels last, one thread, widths that are no multiples of 8).
                skip = nn.Sequential(
                    nn.MaxPool2d(1, stride=stride),
                    nn.Conv2d(channels, width, 1, bias=False),
                    nn.BatchNorm2d(width),
                )
            layers.append(BasicBlock(channels, width, stride, skip))
            channels = width
    return nn.Sequential(*layers, nn.Dropout2d(settings.dropout))
