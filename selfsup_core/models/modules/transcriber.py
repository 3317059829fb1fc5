"""The network that hears letters. What lies behind a clip's end never changes what is heard in it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

SCALE = 4.0  # of log-mel values in [0, 1], towards variance 1


@dataclass(frozen=True)
class Heard:
    """log_p: (B, T, L) log-probabilities of the blank (0) and the letters; frames: (B,) columns that count;
    codes: (B, T, 2w) what they are computed from, 0 behind the end.
    """

    log_p: torch.Tensor
    frames: torch.Tensor
    codes: torch.Tensor


class Transcriber(nn.Module):
    """Args: tokens: letters and the blank."""

    def __init__(
        self, bands: int, tokens: int, *, width: int, layers: int, dropout: float, stride: int
    ) -> None:
        super().__init__()
        self.stride = stride
        self.near = nn.Conv1d(bands, width, 5, padding=2)
        self.wide = nn.Conv1d(width, width, 5, padding=2, stride=stride)
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.read = nn.ModuleList([BothWays(width * (2 if layer else 1), width) for layer in range(layers)])
        self.drop = nn.Dropout(dropout)
        self.letters = nn.Linear(2 * width, tokens)

    def forward(self, x: torch.Tensor, frames: torch.Tensor) -> Heard:
        """x: (B, bands, T) in [0, 1]; frames: (B,) columns of each clip, at least 1."""
        width, ends = x.shape[2], frames
        inside = within(frames, width)[:, None]
        # Without its mean a band says nothing of the microphone, and less of the voice and the noise.
        mean = (x * inside).sum(dim=2, keepdim=True) / frames[:, None, None]
        h = (x - mean) * SCALE * inside
        for conv, norm, stride in zip((self.near, self.wide), self.norms, (1, self.stride), strict=True):
            h = functional.gelu(norm(conv(h).transpose(1, 2))).transpose(1, 2)  # (B, w, T)
            ends = torch.div(ends + stride - 1, stride, rounding_mode="floor")
            h = h * within(ends, h.shape[2])[:, None]
        codes = h.transpose(1, 2)  # (B, T, w)
        for layer in self.read:
            codes = layer(self.drop(codes), ends)
        logits = self.letters(self.drop(codes)).float()
        return Heard(functional.log_softmax(logits, dim=2), ends, codes)


class BothWays(nn.Module):
    """A recurrent layer that reads each clip forward and, from its own end, backward.

    Two plain layers take a third of the time of a packed one.
    """

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.forth = nn.LSTM(size, width, batch_first=True)
        self.back = nn.LSTM(size, width, batch_first=True)

    def forward(self, x: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        """(B, T, w) → (B, T, 2w), 0 behind the end."""
        along = torch.arange(x.shape[1], device=x.device)[None]
        mirrored = torch.where(along < frames[:, None], frames[:, None] - 1 - along, along)[:, :, None]
        forth = self.forth(x)[0]
        back = self.back(x.gather(1, mirrored.expand_as(x)))[0]
        back = back.gather(1, mirrored.expand_as(back))
        return torch.cat([forth, back], dim=2) * within(frames, x.shape[1])[:, :, None]


def within(frames: torch.Tensor, width: int) -> torch.Tensor:
    """(B, T) 1.0 in a clip, 0.0 behind its end."""
    return (torch.arange(width, device=frames.device)[None] < frames[:, None]).float()
