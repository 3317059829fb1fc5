"""Data as the training loop wants it: one compact tensor on the device, batches as indices into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.data.config import DataConfig
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.splits import Split, split_rows
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Prepared:
    """A data set on a device, ready to be indexed.

    Attributes:
        x: (N, D) on the device; bytes for images, floats in [0, 1] for tables. Large images stay on disk.
        note: why the rows lie where they lie, when that is not the device, or what was filled in.
        scale: `x * scale` are values in [0, 1].
        y: (N,) labels on the CPU, -1 where missing, or None.
    """

    dataset: Dataset
    split: Split
    x: torch.Tensor
    scale: float
    y: np.ndarray | None
    note: str = ""
    device: str = ""

    def values(self, rows: torch.Tensor) -> torch.Tensor:
        """rows: (B,) row numbers on the device → (B, D) floats in [0, 1]."""
        if self.device:
            # Rows of a mapped file: only these are read, then sent to the device.
            import torch

            picked = torch.from_numpy(self.dataset.x[rows.cpu().numpy()].reshape(len(rows), -1))
            picked = picked.to(self.device)
        else:
            picked = self.x[rows]
        return picked if picked.is_floating_point() else picked.float().mul_(self.scale)

    def rows(self, rows: np.ndarray) -> torch.Tensor:
        """Row numbers as an index on the device."""
        import torch

        index = torch.from_numpy(np.ascontiguousarray(rows, dtype=np.int64))
        return index.to(self.device or self.x.device)


def scale_columns(x: np.ndarray, train: np.ndarray, columns: tuple[str, ...]) -> np.ndarray:
    """(N, D) table → [0, 1] by each column's range over the training rows; outside it values are cut off.

    Raises:
        DataError: a column holds a value that is not a finite number.
    """
    bad = np.argwhere(~np.isfinite(x))
    if len(bad):
        row, column = (int(i) for i in bad[0])
        name = columns[column] if columns else column
        raise DataError(
            f"Row {row}, column {name!r} is {x[row, column]}; expected a finite number.",
            remedy="Fill or drop such rows before training.",
        )
    low, high = x[train].min(axis=0), x[train].max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    return np.clip((x - low) / span, 0.0, 1.0).astype(np.float32)


def fill_missing(x: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, str]:
    """(N, D) table → the same with NaN replaced by the column's median over the training rows, and a note."""
    holes = np.isnan(x)
    if not holes.any():
        return x, ""
    known = np.where(np.isnan(x[train]).all(axis=0), 0.0, x[train])  # a column without any value
    medians = np.nanmedian(known, axis=0)
    count = int(holes.sum())
    return (
        np.where(holes, medians, x),
        f"{count} missing cells were filled with the median of their column's training rows.",
    )


def prepare(dataset: Dataset, config: DataConfig, device: torch.device | str = "cpu") -> Prepared:
    """Split a data set, scale it from its training rows only, and put it on the device."""
    import torch

    split = split_rows(
        dataset, validation=config.validation, test=config.test, seed=config.split_seed
    )
    if isinstance(dataset.x, Texts):
        raise DataError(
            f"{dataset.title} holds texts; this network takes images, tables or sounds.",
            code="wrong-kind",
        )
    y = None if dataset.y is None else np.array(dataset.y)
    size = dataset.x.nbytes
    if dataset.x.dtype == np.uint8 and size > room_for_data():
        note = f"{size / 1e9:.1f} GB is more than half of the free memory: rows are read from disk."
        empty = torch.empty((0, dataset.width), dtype=torch.uint8)
        return Prepared(dataset, split, empty, dataset.scale, y, note, str(device))
    flat = np.array(dataset.x).reshape(len(dataset), -1)  # (N, D), a copy in memory
    scale, note = dataset.scale, ""
    if flat.dtype != np.uint8:
        flat, note = fill_missing(flat * dataset.scale, split.train)
        flat, scale = scale_columns(flat, split.train, dataset.columns), 1.0
    return Prepared(
        dataset=dataset, split=split, x=torch.from_numpy(flat).to(device), scale=scale, y=y, note=note
    )  # fmt: skip


def room_for_data() -> int:
    """Bytes that a data set may take in memory: half of what is free."""
    import psutil

    return psutil.virtual_memory().available // 2
