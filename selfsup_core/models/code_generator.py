"""A dense network that is told a time and a class, for generating in the code of an autoencoder.

[1] Rombach et al.: High-resolution image synthesis with latent diffusion models, 2022
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from pydantic import field_validator

from selfsup_core.models.convolutional import ConvolutionalConfig
from selfsup_core.models.convolutional import count_parameters as count_convolutional
from selfsup_core.models.modules.unet_sizes import EMBEDDING, TIMES
from selfsup_core.models.registry import MODELS, Network
from selfsup_core.settings import KindConfig, setting

if TYPE_CHECKING:
    from torch import nn

    from selfsup_core.models.modules.autoencoder import Autoencoder
    from selfsup_core.models.modules.code_generator import CodeGenerator


class CodeGeneratorConfig(KindConfig):
    """Size of the network."""

    kind: Literal["code-generator"] = setting(
        "code-generator",
        "Dense layers from a noisy code of an autoencoder to what is asked.",
        title="Network",
    )
    code: int = setting(
        64,
        "Numbers in the code of the network's own autoencoder; not used with Code of a run.",
        title="Code size",
        ge=1,
        le=4096,
    )
    channels: tuple[int, ...] = setting(
        (32, 64),
        "Channels of that autoencoder at each halving of the image.",
        title="Channels",
        min_length=1,
        max_length=8,
    )
    code_epochs: int = setting(
        20,
        "Epochs in which that autoencoder learns; then it is frozen, and the generator begins.",
        title="Epochs for the code",
        why="A code that still changes cannot be learned.",
        ge=1,
        le=10_000,
    )
    width: int = setting(384, "Units of each layer.", title="Layer width", ge=1, le=4096)
    depth: int = setting(
        4,
        "Blocks of two layers.",
        title="Blocks",
        why="A code has no places to look around in, so a few blocks are enough.",
        ge=1,
        le=64,
    )

    @field_validator("channels")
    @classmethod
    def channels_are_sensible(cls, channels: tuple[int, ...]) -> tuple[int, ...]:
        return ConvolutionalConfig.channels_are_sensible(channels)


def layer_sizes(config: CodeGeneratorConfig, item_shape: tuple[int, ...]) -> list[int]:
    """[numbers of the code, width …, numbers of the code]."""
    return [config.code, *[config.width] * (config.depth + 1), config.code]


def own_autoencoder(config: CodeGeneratorConfig) -> ConvolutionalConfig:
    return ConvolutionalConfig(channels=config.channels, code=config.code, activation="gelu")


def count_parameters(config: CodeGeneratorConfig, item_shape: tuple[int, ...]) -> int:
    """Weights and biases, those of its own autoencoder included."""
    return count_own(config, config.code, item_shape[-1]) + count_convolutional(
        own_autoencoder(config), item_shape[:-1]
    )


def count_own(config: CodeGeneratorConfig, code: int, classes: int) -> int:
    """Weights and biases without those of the autoencoder, for a code of so many numbers."""
    width, size = config.width, EMBEDDING
    told = (TIMES + 1) * size + (size + 1) * size + (classes + 1) * size
    block = (size + 1) * 3 * width + 2 * (width + 1) * width
    return told + (code + 1) * width + config.depth * block + (width + 1) * code


def build(config: CodeGeneratorConfig, item_shape: tuple[int, ...]) -> nn.Module:
    """A `CodeGenerator` with its own autoencoder; item_shape has the number of classes behind it."""
    own = MODELS["convolutional"].build(own_autoencoder(config), item_shape[:-1])
    return build_for(config, cast("Autoencoder", own), item_shape[-1], has_own=True)


def build_for(
    config: CodeGeneratorConfig, autoencoder: Autoencoder, classes: int, *, has_own: bool = False
) -> CodeGenerator:
    """For the code of an autoencoder, which is another run's unless it is its own."""
    from selfsup_core.models.modules.code_generator import CodeGenerator

    return CodeGenerator(autoencoder, classes, width=config.width, depth=config.depth, has_own=has_own)


MODELS.register("code-generator")(
    Network(
        config=CodeGeneratorConfig,
        build=build,
        code_size=lambda config: config.width,
        shapes=layer_sizes,
        parameters=count_parameters,
        can_decode=False,
        task="generate",
    )
)
