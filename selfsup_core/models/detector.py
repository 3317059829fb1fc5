"""A small detector, trained from nothing: which classes have their center in which cell of the picture.

[1] Zhou, Wang, Krähenbühl: Objects as points (CenterNet), 2019
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from selfsup_core.errors import SettingError
from selfsup_core.models.registry import MODELS, Network
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from torch import nn

CLASSES = 5  # of the built-in scenes; the number of weights is told for as many


class DetectorConfig(KindConfig):
    """A pyramid of convolutions."""

    kind: Literal["detector"] = setting("detector", "Convolutions at four scales.", title="Network")
    width: int = setting(
        16,
        "Channels of the first layer; each coarser scale has twice as many.",
        title="Width",
        why="16 learns the emoji scenes in a few minutes on a processor.",
        ge=4,
        le=128,
    )
    blocks: int = setting(
        1, "Residual blocks at each scale: slower, deeper.", title="Residual blocks", ge=0, le=8
    )


def count_detector(config: DetectorConfig, item_shape: tuple[int, ...]) -> int:
    """Weights that are trained, for five classes."""
    w, channels = config.width, item_shape[2] if len(item_shape) > 2 else 1

    def convolution(inputs: int, outputs: int) -> int:
        return 9 * inputs * outputs + 2 * outputs  # and the two numbers of batch norm

    total = convolution(channels, w)
    for size in (w, 2 * w, 4 * w):
        total += convolution(size, 2 * size) + 2 * config.blocks * convolution(2 * size, 2 * size)
    for size in (2 * w, 4 * w):
        total += 2 * size * size + size + convolution(size, size)
    return total + 9 * 8 * w**2 + 4 * w + (4 * w + 1) * (CLASSES + 4)


def build_detector(config: DetectorConfig, item_shape: tuple[int, ...]) -> nn.Module:
    """A `Detector` for pictures (H, W[, channels]) and so many classes, the last number of `item_shape`;
    draws its weights from torch's global generator.

    Raises:
        SettingError: the pictures have neither one nor three channels.
    """
    from selfsup_core.models.modules.detector import Detector

    *shape, classes = item_shape
    channels = shape[2] if len(shape) == 3 else 1
    if channels not in (1, 3):
        raise SettingError(
            tr("The detector takes gray or color pictures; found {channels} channels.").format(
                channels=channels
            )
        )
    return Detector(channels, classes, width=config.width, blocks=config.blocks)


MODELS.register("detector")(
    Network(
        config=DetectorConfig,
        build=build_detector,
        code_size=lambda config: 4 * config.width,
        shapes=lambda config, shape: [config.width * 2**i for i in range(4)] + [4 * config.width],
        parameters=count_detector,
        can_decode=False,
        task="detect",
    )
)
