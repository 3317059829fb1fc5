"""Contractive: rebuild x with a code that hardly moves when x does.

L = ℓ(x̂, x) + λ ‖∂h/∂x‖²_F. One layer h = s(W x + b) has the closed form Σ_j s'_j² Σ_i W_ji² [1]; for more
layers the Jacobian is D_L W_L … D_1 W_1 with D the diagonal of each activation's derivatives, and its norm is
tr(G W₁ W₁ᵀ Gᵀ), G all factors before W₁, so that no matrix as wide as the input is made for a sample.
[1] Rifai et al.: Contractive auto-encoders, 2011
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from selfsup_core.objectives.losses import LossName, loss_setting, reconstruction_loss
from selfsup_core.objectives.registry import OBJECTIVES, Objective
from selfsup_core.settings import KindConfig, setting

if TYPE_CHECKING:
    import torch
    from torch import nn

    from selfsup_core.models.modules.autoencoder import Autoencoder


class ContractiveConfig(KindConfig):
    """Settings of the penalty."""

    kind: Literal["contractive"] = setting(
        "contractive",
        "Reconstruct the input from a code that is insensitive to small changes.",
        title="Objective",
    )
    loss: LossName = loss_setting()
    weight: float = setting(
        1e-3,
        "Weight of the squared norm of the encoder's Jacobian.",
        title="Penalty weight",
        why="The norm is a sum over the code, the reconstruction a mean over pixels.",
        ge=0.0,
        le=100.0,
    )


def slope(activation: nn.Module, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """s'(before) of the activations that dense networks have."""
    import torch
    from torch import nn

    if isinstance(activation, nn.ReLU):
        return (before > 0).to(before.dtype)
    if isinstance(activation, nn.Tanh):
        return 1 - after.square()
    if isinstance(activation, nn.Sigmoid):
        return after * (1 - after)
    normal = torch.distributions.Normal(0.0, 1.0)  # GELU: x Φ(x)
    found: torch.Tensor = normal.cdf(before)  # type: ignore[no-untyped-call]  # torch has no types there
    found = found + before * normal.log_prob(before).exp()  # type: ignore[no-untyped-call]  # the same
    return found


def encode_with_jacobian(layers: list[nn.Module], x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """((B, K) code, (B,) squared Frobenius norms of ∂h/∂x) of dense layers with activations between them."""
    from torch import nn

    trace: list[tuple[nn.Module, torch.Tensor]] = []  # each layer with what it was multiplied or sloped by
    h = x
    for layer in layers:
        after = layer(h)
        trace.append((layer, h if isinstance(layer, nn.Linear) else slope(layer, h, after)))
        h = after
    first = next(layer for layer in layers if isinstance(layer, nn.Linear))
    product = None  # (B, K, units), from the code towards the input
    for layer, factor in reversed(trace):
        if layer is first:
            break
        if not isinstance(layer, nn.Linear):
            product = factor.diag_embed() if product is None else product * factor[:, None, :]
        elif product is None:
            product = layer.weight.expand(len(x), -1, -1)
        else:
            product = product @ layer.weight
    gram = first.weight @ first.weight.T  # (units, units)
    if product is None:
        return h, gram.diagonal().sum().expand(len(x))
    return h, ((product @ gram) * product).sum(dim=(1, 2))


@OBJECTIVES.register("contractive")
class Contractive(Objective[ContractiveConfig]):
    """Reconstruction with a penalty on the encoder's Jacobian."""

    Config = ContractiveConfig
    networks = ("dense",)

    @classmethod
    def is_mean_of_rows(cls, config: ContractiveConfig) -> bool:
        return True

    def step(
        self, model: Autoencoder, batch: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """batch: (B, D) → {"loss", "reconstruction", "contraction"}; contraction is the norm before its
        weight.
        """
        layers = [*cast("nn.Sequential", model.encoder), *cast("nn.Sequential", model.head)]
        h, norms = encode_with_jacobian(layers, batch)
        rebuilt = reconstruction_loss(self.config.loss, model, model.logits(h), batch)
        contraction = norms.float().mean()
        loss = rebuilt + self.config.weight * contraction
        return {"loss": loss, "reconstruction": rebuilt, "contraction": contraction}
