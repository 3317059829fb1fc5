"""ResNet-18 with a small stem, as SimCLR and its successors use it for CIFAR-10.

[1] He et al.: Deep residual learning for image recognition, 2015
[2] Chen et al.: SimCLR, 2020, appendix B.9
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from selfsup_core.models.registry import MODELS, Network
from selfsup_core.models.residual import check_shape
from selfsup_core.settings import KindConfig, setting

if TYPE_CHECKING:
    from torch import nn

TIMES = (1, 2, 4, 8)  # the width, in each stage


class ResNet18Config(KindConfig):
    """Its width is its only setting."""

    kind: Literal["resnet18"] = setting("resnet18", "ResNet-18 with a small stem.", title="Network")
    width: int = setting(
        64,
        "Channels of the first stage; each of the next three has twice as many, and the last number is the "
        "size of the code.",
        title="Width",
        why="64 as in the paper: 11 million weights, which want a GPU. 16 trains on a CPU.",
        ge=1,
        le=256,
    )


def stages_of(config: ResNet18Config) -> tuple[int, ...]:
    """(64, 128, 256, 512): channels of the stages."""
    return tuple(times * config.width for times in TIMES)


def layer_sizes(config: ResNet18Config, item_shape: tuple[int, ...]) -> list[int]:
    """[values of an image, channels of the stages …]."""
    return [int(np.prod(item_shape)), *stages_of(config)]


def count_parameters(config: ResNet18Config, item_shape: tuple[int, ...]) -> int:
    """Of the encoder, without what an objective adds."""

    def block(a: int, b: int) -> int:
        shortcut = a * b + 2 * b if a != b else 0
        return 9 * a * b + 9 * b * b + 4 * b + shortcut

    depth, width = (item_shape[2] if len(item_shape) == 3 else 1), config.width
    sizes = (width, *stages_of(config))
    stages = sum(block(a, b) + block(b, b) for a, b in pairwise(sizes))
    return 9 * depth * width + 2 * width + stages


def build(config: ResNet18Config, item_shape: tuple[int, ...]) -> nn.Module:
    """An `Encoder` of images. Raises SettingError for what is not an image."""
    from selfsup_core.models.modules.encoder import Encoder
    from selfsup_core.models.modules.vision import ResNet18Body

    check_shape(item_shape, "ResNet-18")
    stages = stages_of(config)
    return Encoder(ResNet18Body(item_shape, stages), code_size=stages[-1])


MODELS.register("resnet18")(
    Network(
        config=ResNet18Config,
        build=build,
        code_size=lambda config: stages_of(config)[-1],
        shapes=layer_sizes,
        parameters=count_parameters,
        can_decode=False,
        task="views",
    )
)
