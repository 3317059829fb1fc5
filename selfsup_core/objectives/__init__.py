"""Objectives: each turns a model and a batch into named losses; all else in training is the same."""

from __future__ import annotations

from selfsup_core.objectives.registry import OBJECTIVES, Objective

__all__ = ["OBJECTIVES", "Objective"]
