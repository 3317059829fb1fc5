"""Networks: settings and builders here, torch modules in `modules/`. No losses."""

from __future__ import annotations

from selfsup_core.models.registry import MODELS, Network

__all__ = ["MODELS", "Network"]
