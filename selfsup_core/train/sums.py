"""Means of an objective's terms, summed on the device."""

from __future__ import annotations

from typing import TypedDict

import torch


class SumsState(TypedDict):
    """Rows counted, and the sum of each term over them."""

    rows: int
    values: dict[str, float]


class Sums:
    """Sums of the terms over rows, kept on the device: reading them is the only synchronization with it."""

    def __init__(self) -> None:
        self.rows = 0
        self.values: dict[str, torch.Tensor] = {}

    def add(self, terms: dict[str, torch.Tensor], rows: int) -> None:
        self.rows += rows
        for name, value in terms.items():
            value = value.detach()
            value = value.double() if value.device.type != "mps" else value.float()
            old = self.values.get(name)
            self.values[name] = value * rows if old is None else old.add_(value, alpha=rows)

    def means(self) -> dict[str, float]:
        return {f"train_{name}": float(v) / self.rows for name, v in self.values.items()}

    def state(self) -> SumsState:
        return {"rows": self.rows, "values": {k: float(v) for k, v in self.values.items()}}

    def load(self, state: SumsState, device: str) -> None:
        dtype = torch.float64 if device != "mps" else torch.float32
        self.rows = state["rows"]
        self.values = {k: torch.tensor(v, dtype=dtype, device=device) for k, v in state["values"].items()}
