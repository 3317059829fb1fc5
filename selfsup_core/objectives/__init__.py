"""What is learned. An objective turns a model and a batch into named losses, and differs from others here only."""

from __future__ import annotations

from selfsup_core.objectives.registry import OBJECTIVES, Objective

__all__ = ["OBJECTIVES", "Objective"]
