"""A codebook: each part of a code becomes the nearest of M vectors.

The codebook follows the mean of what was assigned to each vector: N_i ← γ N_i + (1 − γ) n_i, m_i ← γ m_i + (1
− γ) Σ z,
e_i = m_i / N_i; hardly used vectors are reset to codes of the batch, so that the codebook does not collapse.
[1] van den Oord, Vinyals, Kavukcuoglu: Neural discrete representation learning, 2017 (appendix A.1)
"""

from __future__ import annotations

import torch
from torch import nn

SMOOTH = 1e-5


class Quantizer(nn.Module):
    """Quantizes a code of K numbers as K / d vectors of d numbers, all by one codebook.

    Args:
        codes: M vectors. dimension: d numbers each. decay: γ. dead: vectors with a smaller share of their
            fair count are set again.
    """

    codebook: torch.Tensor
    counts: torch.Tensor
    sums: torch.Tensor
    is_set: torch.Tensor

    def __init__(self, codes: int, dimension: int, *, decay: float = 0.99, dead: float = 0.03) -> None:
        super().__init__()
        self.codes, self.dimension, self.decay, self.dead = codes, dimension, decay, dead
        self.register_buffer("codebook", torch.zeros(codes, dimension))
        self.register_buffer("counts", torch.zeros(codes))
        self.register_buffer("sums", torch.zeros(codes, dimension))
        self.register_buffer("is_set", torch.zeros((), dtype=torch.bool))

    def reset(self, generator: torch.Generator) -> None:
        """Small random vectors, to have some before the first batch sets them."""
        self.codebook.copy_(0.1 * torch.randn(self.codebook.shape, generator=generator))

    def parts(self, h: torch.Tensor) -> torch.Tensor:
        """(B, K) → (B · K/d, d)."""
        return h.reshape(-1, self.dimension)

    def assign(self, h: torch.Tensor) -> torch.Tensor:
        """(B, K) → (B, K/d) places in the codebook."""
        nearest = torch.cdist(self.parts(h).float(), self.codebook).argmin(dim=1)
        return nearest.reshape(h.shape[0], -1)

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """(B, K) → (B, K) codebook vectors; the gradient passes straight through to h."""
        nearest = self.codebook[self.assign(h)].reshape(h.shape).to(h.dtype)
        return h + (nearest - h).detach()

    @torch.no_grad()
    def update(self, h: torch.Tensor, generator: torch.Generator) -> None:
        """Move the codebook towards what this batch assigned to it; called in training only."""
        z = self.parts(h).detach().float()
        if not self.is_set:
            self._seed(z, generator)
        places = self.assign(h).reshape(-1)
        counts = torch.bincount(places, minlength=self.codes).float()
        sums = torch.zeros_like(self.sums).index_add_(0, places, z)
        self.counts.mul_(self.decay).add_(counts, alpha=1 - self.decay)
        self.sums.mul_(self.decay).add_(sums, alpha=1 - self.decay)
        total = self.counts.sum()
        smooth = (self.counts + SMOOTH) / (total + self.codes * SMOOTH) * total
        self.codebook.copy_(self.sums / smooth[:, None])
        self._revive(z, generator)

    def _draw(self, z: torch.Tensor, count: int, generator: torch.Generator) -> torch.Tensor:
        picks = torch.randint(len(z), (count,), generator=generator, device=z.device)
        return z[picks]

    def _seed(self, z: torch.Tensor, generator: torch.Generator) -> None:
        """Begin on codes of the first batch."""
        self.codebook.copy_(self._draw(z, self.codes, generator))
        self.counts.fill_(len(z) / self.codes)
        self.sums.copy_(self.codebook * self.counts[:, None])
        self.is_set.fill_(True)

    def _revive(self, z: torch.Tensor, generator: torch.Generator) -> None:
        fair = self.counts.sum() / self.codes
        is_dead = self.counts < self.dead * fair
        # Drawn for every vector, so that the generator moves on alike whatever has died.
        fresh = self._draw(z, self.codes, generator)
        self.codebook.copy_(torch.where(is_dead[:, None], fresh, self.codebook))
        self.counts.copy_(torch.where(is_dead, fair, self.counts))
        self.sums.copy_(torch.where(is_dead[:, None], fresh * fair, self.sums))
