"""Variational autoencoder and β-VAE: a code that is a distribution, held near a prior.

−ELBO = E_q(h|x)[−log p(x | h)] + β KL(q(h | x) ‖ N(0, I)),  h = μ + σ ε,  ε ~ N(0, I);
KL = ½ Σ_k (μ_k² + σ_k² − ln σ_k² − 1). With BCE p(x | h) is Bernoulli; with MSE it is Gaussian with variance
`variance`, up to a constant. β = 1 is the VAE [1], more is the β-VAE [2]; β is warmed up from 0.
[1] Kingma, Welling: Auto-encoding variational Bayes, 2014
[2] Higgins et al.: β-VAE: learning basic visual concepts with a constrained variational framework, 2017
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from selfsup_core.objectives.losses import LossName, loss_setting, reconstruction_loss
from selfsup_core.objectives.registry import OBJECTIVES, Objective
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import torch

    from selfsup_core.models.modules.autoencoder import Autoencoder
    from selfsup_core.models.modules.gaussian import GaussianHead

ACTIVE_NATS = 0.01


class VariationalConfig(KindConfig):
    """Settings of the bound."""

    kind: Literal["variational"] = setting(
        "variational",
        "Reconstruct the input from a noisy code that is kept close to a prior.",
        title="Objective",
    )
    loss: LossName = loss_setting()
    beta: float = setting(
        1.0,
        "Weight of the KL to the prior; more than 1 favors independent dimensions.",
        title="β",
        why="1 is the variational bound itself.",
        ge=0.0,
        le=1000.0,
    )
    warmup_epochs: float = setting(
        5.0,
        "Epochs over which β rises from 0.",
        title="KL warm-up",
        why="A code that is penalized before it is useful collapses.",
        ge=0.0,
        le=100_000.0,
    )
    variance: float = setting(
        0.05,
        "Variance of a value around its reconstruction; only with MSE.",
        title="Output variance",
        why="About PCA's error on digits; it sets how much error weighs as much as 1 of KL divergence.",
        gt=0.0,
        le=10.0,
    )


def kl_per_dimension(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """(B, K) KL(N(μ, σ²) ‖ N(0, 1)) of each dimension in nats; never negative, 0 at the prior."""
    return 0.5 * (mean.square() + log_variance.expm1() - log_variance)


def posterior(model: Autoencoder, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, D) → means and log variances, (B, K) each, of a network that was equipped for it."""
    head = cast("GaussianHead", model.head)
    return head.posterior(model.encoder(batch))


@OBJECTIVES.register("variational")
class Variational(Objective[VariationalConfig]):
    """Reconstruction from a sampled code, and the KL."""

    Config = VariationalConfig

    @classmethod
    def is_mean_of_rows(cls, config: VariationalConfig) -> bool:
        return True

    def equip(self, model: Autoencoder) -> None:
        from selfsup_core.models.modules.gaussian import GaussianHead

        model.head = GaussianHead(model.features, model.code_size)

    @property
    def settled_from(self) -> float:
        """Until β is warmed up, losses contain less KL: they are lower, not better."""
        return self.config.warmup_epochs

    def beta(self) -> float:
        """β at this moment of training."""
        warmup = self.config.warmup_epochs
        return self.config.beta * (min(1.0, self.progress / warmup) if warmup else 1.0)

    def step(
        self, model: Autoencoder, batch: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """batch: (B, D) → loss and reconstruction a value, so that they compare with other objectives; kl and
        negative_elbo (at β = 1) in nats per sample.
        """
        import torch

        mean, log_variance = posterior(model, batch)
        mean = mean.float()
        noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
        logits = model.logits(mean + (0.5 * log_variance).exp() * noise)
        rebuilt = reconstruction_loss(self.config.loss, model, logits, batch)
        kl = kl_per_dimension(mean, log_variance).sum(dim=1).mean()
        columns = batch.shape[1] - sum(len(group) - 1 for group in model.groups)
        # −log p(x | h) in nats per value.
        distortion = rebuilt if self.config.loss == "bce" else rebuilt / (2 * self.config.variance)
        loss = distortion + self.beta() * kl / columns
        return {
            "loss": loss,
            "reconstruction": rebuilt,
            "kl": kl,
            "negative_elbo": distortion * columns + kl,
        }

    def posterior_kl(self, model: Autoencoder, batch: torch.Tensor) -> torch.Tensor:
        """(K,) mean KL of each dimension in nats."""
        mean, log_variance = posterior(model, batch)
        return kl_per_dimension(mean.float(), log_variance).mean(dim=0)

    def diagnose(self, model: Autoencoder, batch: torch.Tensor) -> dict[str, float]:
        """active_dimensions: those whose mean KL is above 0.01 nats."""
        return {
            "active_dimensions": float((self.posterior_kl(model, batch) > ACTIVE_NATS).sum()),
            "kl_weight": self.beta(),
        }

    def importance(self, model: Autoencoder, batch: torch.Tensor) -> tuple[torch.Tensor, str]:
        return self.posterior_kl(model, batch), tr("KL divergence")
