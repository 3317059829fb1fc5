"""The protocol of objectives, and where they register: an objective is one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from selfsup_core.registry import Registry
from selfsup_core.settings import Config

if TYPE_CHECKING:
    import torch
    from torch import nn


class Objective(Protocol):
    """Made from its settings; `Config` on the class says which."""

    Config: type[Config]

    def __init__(self, config: Config) -> None: ...

    def step(
        self, model: nn.Module, batch: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """batch: (B, D) values in [0, 1] → {"loss": scalar to minimize, and other named scalar terms}.

        Every term is a mean over the batch, logged and plotted under its name without further code.
        """
        ...


OBJECTIVES: Registry[type[Objective]] = Registry("objective", "selfsup_core.objectives")
