"""A head that gives a Gaussian for each sample: q(h | x) = N(μ(x), diag σ²(x)).

[1] Kingma, Welling: Auto-encoding variational Bayes, 2014
"""

from __future__ import annotations

import torch
from torch import nn

LOWEST, HIGHEST = -12.0, 8.0  # of the log variance: beyond, exp() is of no use in single precision


class GaussianHead(nn.Module):
    """Two linear layers on the same features.

    Args:
        features: F of the encoder. size: K of the code.
    """

    def __init__(self, features: int, size: int) -> None:
        super().__init__()
        self.mean = nn.Linear(features, size)
        self.log_variance = nn.Linear(features, size)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(B, F) → (B, K) means: the code of a sample."""
        found: torch.Tensor = self.mean(features)
        return found

    def posterior(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, F) → means and log variances, (B, K) each."""
        return self.mean(features), self.log_variance(features).float().clamp(LOWEST, HIGHEST)
