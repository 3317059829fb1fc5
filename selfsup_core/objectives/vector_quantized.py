"""Vector-quantized: a code that is a few entries of a learned codebook.

L = ℓ(g(e), x) + β ‖z − sg(e)‖², where z = f(x), e the nearest codebook vectors, sg stops the gradient; the
decoder's gradient passes straight through to z, and the codebook follows by moving averages.
perplexity = exp(−Σ p_i ln p_i) of how often each vector is used: M when all are used alike, 1 when one is.
[1] van den Oord, Vinyals, Kavukcuoglu: Neural discrete representation learning, 2017
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from selfsup_core.errors import SettingError
from selfsup_core.objectives.losses import LossName, loss_setting, reconstruction_loss
from selfsup_core.objectives.registry import OBJECTIVES, Objective
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import torch

    from selfsup_core.models.modules.autoencoder import Autoencoder
    from selfsup_core.models.modules.quantizer import Quantizer


class VectorQuantizedConfig(KindConfig):
    """Settings of the codebook."""

    kind: Literal["vector-quantized"] = setting(
        "vector-quantized",
        "Reconstruct the input from a few entries of a learned codebook.",
        title="Objective",
    )
    loss: LossName = loss_setting()
    codes: int = setting(64, "Vectors in the codebook.", title="Codebook size", ge=2, le=8192)
    dimension: int = setting(
        4,
        "Length of a codebook vector; the code size must be a multiple of it.",
        title="Vector length",
        ge=1,
        le=1024,
    )
    commitment: float = setting(
        0.25,
        "Weight of the term that keeps the encoder close to the codebook.",
        title="Commitment",
        why="As published.",
        ge=0.0,
        le=100.0,
    )
    decay: float = setting(
        0.99,
        "How slowly the codebook follows the encoder.",
        title="Decay",
        why="As published.",
        ge=0.0,
        le=0.99999,
    )


def perplexity(shares: torch.Tensor) -> torch.Tensor:
    """(M,) shares that sum to 1 → exp of their entropy."""
    import torch

    found: torch.Tensor = torch.special.entr(shares).sum().exp()
    return found


def quantizer_of(model: Autoencoder) -> Quantizer:
    """The codebook that `equip` has put into the network."""
    return cast("Quantizer", model.quantizer)


@OBJECTIVES.register("vector-quantized")
class VectorQuantized(Objective[VectorQuantizedConfig]):
    """Reconstruction through a codebook."""

    Config = VectorQuantizedConfig

    @classmethod
    def check_code(cls, config: VectorQuantizedConfig, code_size: int) -> None:
        if code_size % config.dimension:
            raise SettingError(
                tr(
                    "A code of {code_size} numbers cannot be cut into vectors of {dimension} "
                    "(objective.dimension)."
                ).format(code_size=code_size, dimension=config.dimension),
                remedy=tr("Make the code size a multiple of that."),
            )

    def equip(self, model: Autoencoder) -> None:
        from selfsup_core.models.modules.quantizer import Quantizer

        config = self.config
        self.check_code(config, model.code_size)
        model.quantizer = Quantizer(config.codes, config.dimension, decay=config.decay)

    def shares(self, model: Autoencoder, h: torch.Tensor) -> torch.Tensor:
        """(M,) how often each vector is used."""
        import torch

        places = quantizer_of(model).assign(h).reshape(-1)
        return torch.bincount(places, minlength=self.config.codes).float() / len(places)

    def step(
        self, model: Autoencoder, batch: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """batch: (B, D) → {"loss", "reconstruction", "commitment", "perplexity"}; the last one is only looked
        at.
        """
        h = model.encode(batch)
        if model.training:
            quantizer_of(model).update(h, generator)
        quantized = quantizer_of(model)(h)
        rebuilt = reconstruction_loss(self.config.loss, model, model.decoder(quantized), batch)
        commitment = (h - quantized.detach()).float().square().mean()
        return {
            "loss": rebuilt + self.config.commitment * commitment,
            "reconstruction": rebuilt,
            "commitment": commitment,
            "perplexity": perplexity(self.shares(model, h)),
        }

    def diagnose(self, model: Autoencoder, batch: torch.Tensor) -> dict[str, float]:
        """used_codes: share of the codebook that the batch uses."""
        shares = self.shares(model, model.encode(batch))
        return {"used_codes": float((shares > 0).float().mean())}
