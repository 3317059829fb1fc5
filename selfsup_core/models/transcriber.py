"""A small network that hears letters: convolutions over the spectrogram, then a recurrent layer that reads it
in both directions.

Every second column of the spectrogram gives the probabilities of all letters and of the blank, "no new
letter here" [1].
[1] Graves et al.: Connectionist temporal classification, 2006
[2] Hannun et al.: Deep Speech, 2014
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from selfsup_core.models.registry import MODELS, Network
from selfsup_core.settings import KindConfig, setting

if TYPE_CHECKING:
    from torch import nn

KERNEL = 5
STRIDE = 2  # columns of the spectrogram for one of what comes out


class TranscriberConfig(KindConfig):
    """Convolutions and recurrent layers."""

    kind: Literal["transcriber"] = setting(
        "transcriber", "Convolutions, then recurrent layers in both directions.", title="Network"
    )
    width: int = setting(96, "Numbers that describe a moment of the sound.", title="Width", ge=8, le=1024)
    layers: int = setting(1, "Recurrent layers.", title="Recurrent layers", ge=1, le=6)
    dropout: float = setting(
        0.1,
        "Share of the values that is dropped at random during training.",
        title="Dropout",
        why="Voices are few: without it they are soon known by heart.",
        ge=0.0,
        le=0.9,
    )


def count_transcriber(config: TranscriberConfig, item_shape: tuple[int, ...]) -> int:
    """Weights that are trained; a recurrent layer has four gates, in two directions."""
    w, bands, tokens = config.width, *item_shape
    convolutions = (KERNEL * bands * w + w) + (KERNEL * w * w + w) + 4 * w
    first = 2 * 4 * (2 * w * w + 2 * w)
    further = 2 * 4 * (3 * w * w + 2 * w)
    return convolutions + first + (config.layers - 1) * further + (2 * w + 1) * tokens


def build_transcriber(config: TranscriberConfig, item_shape: tuple[int, ...]) -> nn.Module:
    """For (bands, tokens), the blank included; draws its weights from torch's global generator."""
    from selfsup_core.models.modules.transcriber import Transcriber

    bands, tokens = item_shape
    return Transcriber(
        bands, tokens, width=config.width, layers=config.layers, dropout=config.dropout, stride=STRIDE
    )


MODELS.register("transcriber")(
    Network(
        config=TranscriberConfig,
        build=build_transcriber,
        code_size=lambda config: 2 * config.width,
        shapes=lambda config, shape: [shape[0], config.width, 2 * config.width, shape[-1]],
        parameters=count_transcriber,
        can_decode=False,
        task="transcribe",
    )
)
