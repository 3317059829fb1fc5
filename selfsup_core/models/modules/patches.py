"""Patch transformer for masked autoencoding: the encoder sees visible patches only, a small decoder fills in
the rest.

[1] He et al.: Masked autoencoders are scalable vision learners, 2022
[2] Dosovitskiy et al.: An image is worth 16 × 16 words, 2021
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from selfsup_core.errors import RunError
from selfsup_core.models.modules.autoencoder import CodingNetwork
from selfsup_core.translation import tr


class Block(nn.Module):
    """Self-attention and a two-layer network, each after a layer norm and added to its input."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, T, W) → (B, T, W)."""
        b, t, w = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v)  # (B, heads, T, W / heads)
        x = x + self.out(mixed.transpose(1, 2).reshape(b, t, w))
        found: torch.Tensor = x + self.mlp(self.norm2(x))
        return found


def sine_positions(rows: int, columns: int, width: int) -> torch.Tensor:
    """(rows · columns, width): half of the numbers tell the row, half the column, by sines of falling
    frequency.
    """
    quarter = width // 4
    rates = 1 / 10_000 ** (torch.arange(quarter) / quarter)

    def encode(places: torch.Tensor) -> torch.Tensor:
        angles = places[:, None] * rates
        return torch.cat([angles.sin(), angles.cos()], dim=1)

    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    return torch.cat([encode(y.flatten()), encode(x.flatten())], dim=1)


class PatchTransformer(CodingNetwork):
    """Encoder and decoder of a masked autoencoder.

    Args:
        height, width, channels: of an image; sides are multiples of `patch`.
        size: numbers of a token in the encoder, and of the code. decoder_size: in the decoder.

    Attributes:
        tokens: N patches of an image.
        code_size: the code is the mean of the encoder's tokens over all patches.
    """

    can_decode = False
    quantizer = None
    places: torch.Tensor
    decoder_places: torch.Tensor

    def __init__(
        self,
        height: int,
        width: int,
        channels: int,
        *,
        patch: int,
        size: int,
        depth: int,
        heads: int,
        decoder_size: int,
        decoder_depth: int,
    ) -> None:
        super().__init__()
        self.image, self.patch = (height, width, channels), patch
        self.grid = (height // patch, width // patch)
        self.tokens = self.grid[0] * self.grid[1]
        self.code_size = self.features = size
        self.groups: tuple[tuple[int, ...], ...] = ()
        values = patch * patch * channels
        self.embed = nn.Linear(values, size)
        self.blocks = nn.Sequential(*[Block(size, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(size)
        self.to_decoder = nn.Linear(size, decoder_size)
        self.hole = nn.Parameter(torch.zeros(decoder_size))
        self.decoder_blocks = nn.Sequential(*[Block(decoder_size, heads) for _ in range(decoder_depth)])
        self.decoder_norm = nn.LayerNorm(decoder_size)
        self.predict = nn.Linear(decoder_size, values)
        self.register_buffer("places", sine_positions(*self.grid, size), persistent=False)
        self.register_buffer("decoder_places", sine_positions(*self.grid, decoder_size), persistent=False)

    def reset(self, generator: torch.Generator) -> None:
        with torch.no_grad():
            self.hole.copy_(0.02 * torch.randn(self.hole.shape, generator=generator))

    def patches(self, x: torch.Tensor) -> torch.Tensor:
        """(B, D) → (B, N, p·p·C), patches row by row."""
        (rows, columns), p, channels = self.grid, self.patch, self.image[2]
        x = x.reshape(len(x), rows, p, columns, p, channels)
        return x.permute(0, 1, 3, 2, 4, 5).reshape(len(x), self.tokens, -1)

    def unpatch(self, patches: torch.Tensor) -> torch.Tensor:
        """(B, N, p·p·C) → (B, D)."""
        (rows, columns), p, channels = self.grid, self.patch, self.image[2]
        x = patches.reshape(len(patches), rows, columns, p, p, channels)
        return x.permute(0, 1, 3, 2, 4, 5).reshape(len(patches), -1)

    def see(self, x: torch.Tensor, keep: torch.Tensor | None = None) -> torch.Tensor:
        """Encoder's tokens (B, V, size) of the patches `keep` (B, V), or of all."""
        tokens, places = self.patches(x), self.places.expand(len(x), -1, -1)
        if keep is not None:
            tokens, places = take(tokens, keep), take(places, keep)
        found: torch.Tensor = self.norm(self.blocks(self.embed(tokens) + places))
        return found

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """(B, D) → (B, size): the mean over all patches, none hidden."""
        return self.see(x).mean(dim=1)

    def masked_forward(self, x: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
        """(B, D) and visible patches (B, V) → logits (B, N, p·p·C) of all patches, made from the visible
        ones.
        """
        seen = self.to_decoder(self.see(x, keep))
        tokens = self.hole.to(seen.dtype).expand(len(x), self.tokens, -1)
        tokens = tokens.scatter(1, keep[:, :, None].expand_as(seen), seen)
        found: torch.Tensor = self.predict(
            self.decoder_norm(self.decoder_blocks(tokens + self.decoder_places))
        )
        return found

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, D) → (B, D) logits with nothing hidden."""
        keep = torch.arange(self.tokens, device=x.device).expand(len(x), -1)
        return self.unpatch(self.masked_forward(x, keep))

    def decode(self, h: torch.Tensor) -> torch.Tensor:
        raise RunError(
            tr(
                "A masked autoencoder fills hidden patches from the visible ones; it cannot "
                "decode a code alone."
            )
        )


def take(tokens: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
    """(B, N, W) and (B, V) → (B, V, W)."""
    return tokens.gather(1, keep[:, :, None].expand(-1, -1, tokens.shape[2]))
