"""The protocol of objectives, and where they register: an objective is one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.registry import Registry
from selfsup_core.settings import Config

if TYPE_CHECKING:
    import torch
    from torch import nn


class Objective:
    """What is learned. Made from its settings; `Config` on the class says which. `step` is all that one must write.

    Attributes:
        progress: epochs done, with the fraction of the current one; the loop keeps it up to date (for warm-ups).
        has_reconstruction: whether x̂ = g(f(x)) of the whole input is what the objective trains, so that its error
            may be compared with PCA's.
        networks: kinds of network that it can train.
        settled_from: the epoch from which losses mean the same, so that one may be called better than another.
        task: a name in `runs.tasks` when the objective and not the network decides what is done; else "".
    """

    Config: type[Config]
    has_reconstruction = True
    networks: tuple[str, ...] = ("dense", "convolutional")
    settled_from = 0.0
    task = ""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.progress = 0.0

    @classmethod
    def check_code(cls, config: Config, code_size: int) -> None:
        """Raises SettingError when a code of so many numbers does not fit this objective's settings."""

    def equip(self, model: nn.Module) -> None:
        """Put into the model what this objective needs of it (a Gaussian head, a codebook), before weights are set.

        Raises:
            SettingError: this network does not fit; says which does.
        """

    def step(
        self, model: nn.Module, batch: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """batch: (B, D) values in [0, 1] → {"loss": scalar to minimize, and other named scalar terms}.

        Every term is a mean over the batch, logged and plotted under its name without further code. The same method
        measures validation rows, with the model in evaluation mode: nothing may be updated then.
        """
        raise NotImplementedError

    def show(
        self, model: nn.Module, batch: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor | None, torch.Tensor]:
        """batch: (B, D) → (what the network was given, when that is not the batch itself; its output in [0, 1])."""
        return None, model.decode(model.encode(batch))

    def diagnose(self, model: nn.Module, batch: torch.Tensor) -> dict[str, float]:
        """Further numbers of validation rows (B, D), under the names by which signs of trouble look for them."""
        return {}

    def importance(self, model: nn.Module, batch: torch.Tensor) -> tuple[torch.Tensor, str]:
        """How much each dimension of the code is used: ((K,) numbers, what they are). Variance, unless better is known."""
        return model.encode(batch).float().var(dim=0), "variance"


OBJECTIVES: Registry[type[Objective]] = Registry("objective", "objectives")
