"""Frames: what the views need of one epoch, one safetensors file each, thinned evenly as a run grows.

`static.safetensors` holds what does not change (inputs, labels), `thumbnails.safetensors` the map's images.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from selfsup_core.data.batches import Prepared
from selfsup_core.evaluate.autoencoder import Evaluator, View
from selfsup_core.files import write_bytes
from selfsup_core.project.align import align_map
from selfsup_core.project.pca import fit_pca

NAME_WIDTH = 6


def map_latents(
    latents: np.ndarray, previous: np.ndarray | None
) -> tuple[np.ndarray, float | None]:
    """(S, K) codes → ((S, 2 or 3) map, share of variance shown): the code itself up to 3-D, else PCA, aligned."""
    import torch

    if latents.shape[1] in (2, 3):
        return latents, None
    if latents.shape[1] == 1:
        return np.concatenate([latents, np.zeros_like(latents)], axis=1), None
    x = torch.from_numpy(np.ascontiguousarray(latents, dtype=np.float32))
    pca = fit_pca(x, 2)
    return align_map(pca.transform(x).numpy(), previous), float(pca.explained.sum())


def as_bytes(values: np.ndarray) -> np.ndarray:
    """[0, 1] floats → 0 to 255."""
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


class FrameStore:
    """Writes the frames of a run and keeps their number and size within bounds.

    Attributes:
        previous: the last map, towards which the next is turned; part of a checkpoint.
        stride: epochs between frames; doubles whenever there are too many.
    """

    def __init__(self, folder: Path, *, max_frames: int, max_megabytes: float) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.max_frames, self.max_bytes = folder, max_frames, max_megabytes * 1e6
        self.previous: np.ndarray | None = None
        self.stride = 1
        self.last: int | None = None
        self.sizes: dict[int, int] = {}

    def write_static(self, data: Prepared, evaluator: Evaluator) -> None:
        """Write what all frames share; skipped when it is there."""
        if (self.folder / "static.safetensors").exists():
            return
        dataset, rows = data.dataset, evaluator.samples
        values = data.values(data.rows(evaluator.tiles)).cpu().numpy()
        about = {
            "kind": dataset.kind,
            "item_shape": json.dumps(dataset.item_shape),
            "scale": json.dumps(1 / 255),
            "classes": json.dumps(dataset.classes),
            "columns": json.dumps(dataset.columns),
        }
        labels = np.full(len(data.dataset), -1) if data.y is None else data.y
        arrays = {
            "inputs": as_bytes(values),
            "tile_labels": labels[evaluator.tiles].astype(np.int32),
            "labels": labels[rows].astype(np.int32),
            "splits": evaluator.is_validation.astype(np.uint8),
            "rows": rows.astype(np.int32),
        }
        thumbnails = as_bytes(data.values(data.rows(rows)).cpu().numpy())
        write_bytes(self.folder / "thumbnails.safetensors", save_arrays({"thumbnails": thumbnails}))
        write_bytes(self.folder / "static.safetensors", save_arrays(arrays, metadata=about))

    def write(self, epoch: int, view: View, *, is_last: bool = False) -> None:
        """Write the frame of an epoch, when its turn it is, and thin out when there are too many.

        Raises:
            OSError: the disk is full; what was there is untouched.
        """
        points, explained = map_latents(view.latents, self.previous)
        if epoch % self.stride == 0 or is_last:
            arrays = {
                "reconstructions": as_bytes(view.reconstructions),
                "tile_loss": view.tile_loss.astype(np.float32),
                # A code can grow beyond half precision's largest number while a run blows up.
                "latents": np.clip(view.latents, -65_504, 65_504).astype(np.float16),
                "map": np.ascontiguousarray(points, dtype=np.float32),
                "sample_loss": view.sample_loss.astype(np.float32),
            }
            about = {"epoch": str(epoch), "map_explained": json.dumps(explained)}
            blob = save_arrays(arrays, metadata=about)
            write_bytes(frame_path(self.folder, epoch), blob)
            self.sizes[epoch] = len(blob)
            if self.last is not None and self.last % self.stride:
                self._remove(self.last)  # it stayed for being the newest, which it no longer is
            self.last = epoch
        self.previous = points
        while self._is_too_much():
            self.stride *= 2
            for old in [e for e in self.sizes if e % self.stride and e != self.last]:
                self._remove(old)

    def _remove(self, epoch: int) -> None:
        frame_path(self.folder, epoch).unlink(missing_ok=True)
        self.sizes.pop(epoch, None)

    def _is_too_much(self) -> bool:
        too_many = len(self.sizes) > self.max_frames
        too_large = sum(self.sizes.values()) > self.max_bytes
        return len(self.sizes) > 2 and (too_many or too_large)

    def state(self) -> dict[str, Any]:
        return {"stride": self.stride, "previous": self.previous}

    def load(self, state: dict[str, Any] | None, epoch: int) -> None:
        """Go on after `epoch`: frames of later epochs, written before an interruption, are removed."""
        if state:
            self.stride, self.previous = state["stride"], state["previous"]
        for found in list_frames(self.folder):
            if found > epoch or state is None:
                frame_path(self.folder, found).unlink(missing_ok=True)
            else:
                self.sizes[found] = frame_path(self.folder, found).stat().st_size
        self.last = max(self.sizes, default=None)
        # Thinned after the checkpoint that is gone on from: what is left decides how many epochs lie between frames.
        while 0 in self.sizes and any(
            e not in self.sizes for e in range(0, epoch + 1, self.stride)
        ):
            self.stride *= 2


def frame_path(folder: Path, epoch: int) -> Path:
    return folder / f"{epoch:0{NAME_WIDTH}d}.safetensors"


def list_frames(folder: Path) -> list[int]:
    """Epochs that have a frame, in order."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(int(n[:-12]) for n in names if n.endswith(".safetensors") and n[:-12].isdigit())


def read_frame(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a frame. Raises FileNotFoundError when there is none."""
    return load_arrays(path.read_bytes())


def read_about(path: Path) -> dict[str, str]:
    """What a frame's file says of its arrays. Raises FileNotFoundError when there is none."""
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        return json.loads(file.read(size)).get("__metadata__", {})
