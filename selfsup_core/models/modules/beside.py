"""Networks that learn beside each other in one loop, with the same first weights and without touching each
other.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn


class Beside(nn.Module):
    """student: learns from true and pseudo-labels; twin: from the true labels alone; ceiling: from all true
    labels;
    careless: from pseudo-labels that were all accepted.

    Args:
        student: the others begin as copies of it.
        ceiling, careless: whether there is one.
    """

    student: nn.Module
    twin: nn.Module
    ceiling: nn.Module | None
    careless: nn.Module | None

    def __init__(self, student: nn.Module, *, ceiling: bool, careless: bool = False) -> None:
        super().__init__()
        self.student = student
        self.twin = copy.deepcopy(student)
        self.ceiling = copy.deepcopy(student) if ceiling else None
        self.careless = copy.deepcopy(student) if careless else None

    @property
    def apart(self) -> list[nn.Module]:
        """Parts whose gradients have nothing to do with each other, for clipping."""
        return list(self.children())

    def forward(self, x: Any) -> torch.Tensor:
        found: torch.Tensor = self.student(x)
        return found


class Draws:
    """Lets several networks see the same random numbers (dropout, augmentation), one after the other.

    Args:
        generator: of the objective. The global one of the CPU, and of the device, are set back too.
    """

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator
        self.is_cuda = generator.device.type == "cuda"
        self.began = self._states()

    def _states(self) -> list[torch.Tensor]:
        states = [self.generator.get_state(), torch.get_rng_state()]
        return [*states, torch.cuda.get_rng_state()] if self.is_cuda else states

    def again(self) -> None:
        """Reset the generators to the state that the first network saw."""
        self.generator.set_state(self.began[0])
        torch.set_rng_state(self.began[1])
        if self.is_cuda:
            torch.cuda.set_rng_state(self.began[2])
