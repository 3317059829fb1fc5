"""A student and its twin in one loop: the same network until their ways part, then each with rows of its
own.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn


class StudentAndTwin(nn.Module):
    """student: learns from labeled rows, later also from what was proposed; twin: from the labeled rows
    alone.

    Args:
        has_twin: False where all labels are known, so that there is nothing to compare with.
        helper: a further network that learns beside them (a translator of the other direction).
    """

    student: nn.Module
    twin: nn.Module | None
    helper: nn.Module | None

    def __init__(self, student: nn.Module, *, has_twin: bool, helper: nn.Module | None = None) -> None:
        super().__init__()
        self.student = student
        self.twin = copy.deepcopy(student) if has_twin else None
        self.helper = helper

    def part(self) -> None:
        """Have the twin begin with the student's weights."""
        assert self.twin is not None, "there is a twin"
        self.twin.load_state_dict(self.student.state_dict())

    @property
    def apart(self) -> list[nn.Module]:
        """Parts whose gradients have nothing to do with each other, for clipping."""
        return list(self.children())

    def forward(self, x: Any) -> torch.Tensor:
        found: torch.Tensor = self.student(x)
        return found
