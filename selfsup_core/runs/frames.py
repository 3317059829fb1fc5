"""Frames: what the views need of one epoch, one safetensors file each, thinned evenly as a run grows.

`static.safetensors` holds what does not change (inputs, labels), `thumbnails.safetensors` the map's images.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save

from selfsup_core.data.texts import Texts
from selfsup_core.errors import RunError
from selfsup_core.evaluate.autoencoder import Evaluator, View
from selfsup_core.features.batches import Prepared
from selfsup_core.files import MOST_FRAME, finite, read_file, require_plain, write_bytes
from selfsup_core.projection.align import rotation_towards
from selfsup_core.projection.pca import fit_pca
from selfsup_core.runs.thinned import Thinned, early_path, list_early
from selfsup_core.safetensors_header import read_metadata, sort_header
from selfsup_core.translation import tr


def save_arrays(arrays: dict[str, np.ndarray], metadata: dict[str, str] | None = None) -> bytes:
    """As the library does, but equal arrays and texts give equal bytes."""
    return sort_header(save(arrays, metadata=metadata))


MOST_LETTERS = 160  # of each text on the map
Losses = Mapping[str, float | None]


@dataclass(frozen=True)
class Map:
    """A map of codes, linear in them: points = (codes − mean) axesᵀ.

    Attributes:
        points: (S, 2 or 3).
        explained: share of the codes' variance that it shows; None where it is the code itself.
        mean: (K,), axes: (2, K): what leads from a code to the first two numbers of its point, and back.
    """

    points: np.ndarray
    explained: float | None
    mean: np.ndarray
    axes: np.ndarray


def map_latents(latents: np.ndarray, previous: np.ndarray | None) -> Map:
    """(S, K) codes → their map: the code itself up to 3-D, else PCA, turned towards the map before."""
    import torch

    size = latents.shape[1]
    if size <= 3:
        mean = np.zeros(size, np.float32)
        mean[2:] = latents[:, 2:].mean(axis=0)
        points = np.pad(latents, ((0, 0), (0, 1))) if size == 1 else latents
        return Map(points, None, mean, np.eye(2, size, dtype=np.float32))
    x = torch.from_numpy(np.ascontiguousarray(latents, dtype=np.float32))
    pca = fit_pca(x, 2)
    points, axes = pca.transform(x).numpy(), pca.components.numpy()
    rotation = rotation_towards(points, previous)
    if rotation is not None:
        axes = (rotation.T @ axes).astype(np.float32)
        points = ((latents - pca.mean.numpy()) @ axes.T).astype(np.float32)
    return Map(points, float(pca.explained.sum()), pca.mean.numpy(), axes)


def as_bytes(values: np.ndarray) -> np.ndarray:
    """[0, 1] floats → 0 to 255."""
    found: np.ndarray = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return found


def as_half(latents: np.ndarray) -> np.ndarray:
    """A code can grow beyond half precision's largest number while a run blows up."""
    found: np.ndarray = np.clip(latents, -65_504, 65_504).astype(np.float16)
    return found


class FramesState(TypedDict):
    """What a checkpoint keeps of the frames; previous: the last map, (S, 2 or 3)."""

    stride: int
    previous: np.ndarray | None


class FrameStore(Thinned):
    """Writes the frames of a run and keeps their number and size within bounds.

    Attributes:
        previous: the last map, towards which the next is turned; part of a checkpoint.
    """

    def __init__(self, folder: Path, *, max_frames: int, max_megabytes: float) -> None:
        super().__init__(folder, most=max_frames, max_bytes=max_megabytes * 1e6)
        self.previous: np.ndarray | None = None

    def write_static(
        self, data: Prepared, evaluator: Evaluator, more: dict[str, np.ndarray] | None = None
    ) -> None:
        """Write what all frames share, with a task's own arrays; skipped when it is there."""
        if (self.folder / "static.safetensors").exists():
            return
        dataset, rows = data.dataset, evaluator.samples
        values = data.values(data.rows(evaluator.tiles)).cpu().numpy()
        about = {
            "kind": dataset.kind,
            "item_shape": json.dumps(data.item_shape),
            "scale": json.dumps(1 / 255),
            "classes": json.dumps(dataset.classes),
            "columns": json.dumps(data.columns),
        }
        if isinstance(dataset.x, Texts):
            texts = [dataset.x[int(row)][:MOST_LETTERS] for row in rows]
            about["texts"] = json.dumps(texts, ensure_ascii=False)
        labels = np.full(len(data.dataset), -1) if data.y is None else data.y
        arrays = {
            "inputs": as_bytes(values),
            "tile_labels": labels[evaluator.tiles].astype(np.int32),
            "tile_rows": evaluator.tiles.astype(np.int32),
            "labels": labels[rows].astype(np.int32),
            "splits": evaluator.is_validation.astype(np.uint8),
            "rows": rows.astype(np.int32),
            **(more or {}),
        }
        thumbnails = as_bytes(data.values(data.rows(rows)).cpu().numpy())
        self.write_thumbnails(thumbnails)
        write_bytes(self.folder / "static.safetensors", save_arrays(arrays, metadata=about))

    def write_thumbnails(self, thumbnails: np.ndarray) -> None:
        """(S, D) bytes of the map's samples."""
        write_bytes(self.folder / "thumbnails.safetensors", save_arrays({"thumbnails": thumbnails}))

    def write_view(self, epoch: int, view: View, *, is_last: bool = False) -> None:
        """Write the frame of an epoch, when its turn it is.

        Raises:
            OSError: the disk is full; what was there is untouched.
        """
        made = map_latents(view.latents, self.previous)
        if self.wants(epoch, is_last=is_last):
            self.write(epoch, pack_view(view, made, {"epoch": str(epoch)}))
        self.previous = made.points

    def write_early(self, step: int, view: View, losses: Losses) -> None:
        """Write a frame in the middle of the first epoch.

        Nothing of it is part of a checkpoint: its map is turned towards that of epoch 0, and no later one
        towards it. A point whose latent is NaN was not looked at; it stays where it was.

        Args:
            losses: means of the training steps so far, and metrics of the view; they are kept with the frame.
        """
        made, seen = map_seen(view.latents, self.previous)
        packed = pack_view(view, made, about_early(step, losses), {"seen": seen})
        write_bytes(early_path(self.folder, step), packed)

    def write_early_points(
        self,
        step: int,
        latents: np.ndarray,
        arrays: dict[str, np.ndarray],
        about: dict[str, str],
        losses: Losses,
    ) -> None:
        """As `write_early`, with a task's own arrays and words as of `write_points`."""
        made, seen = map_seen(latents, self.previous)
        arrays = arrays | {"map": np.ascontiguousarray(made.points[:, :2], dtype=np.float32), "seen": seen}
        about = about | about_early(step, losses) | {"map_explained": json.dumps(made.explained)}
        write_bytes(early_path(self.folder, step), save_arrays(arrays, metadata=about))

    def write_shared(self, arrays: dict[str, np.ndarray], about: dict[str, str]) -> None:
        """What all frames share, of a task that has no tiles; skipped when it is there."""
        path = self.folder / "static.safetensors"
        if not path.exists():
            write_bytes(path, save_arrays(arrays, metadata=about))

    def write_points(
        self,
        epoch: int,
        latents: np.ndarray,
        arrays: dict[str, np.ndarray],
        about: dict[str, str],
        *,
        is_last: bool,
        beside: np.ndarray | None = None,
    ) -> None:
        """A frame with a map of (S, K) latents and a task's own arrays and words, when its turn it is.

        Args:
            beside: (M, K) latents whose points (M, 2) are kept as `map_beside`; no map is fitted to them.
        """
        made = map_latents(latents, self.previous)
        if self.wants(epoch, is_last=is_last):
            arrays = arrays | {
                "latents": as_half(latents),
                "map": np.ascontiguousarray(made.points[:, :2], dtype=np.float32),
            }
            if beside is not None:
                arrays |= {
                    "map_beside": ((beside - made.mean) @ made.axes.T).astype(np.float32),
                    "map_mean": np.ascontiguousarray(made.mean, dtype=np.float32),
                    "map_axes": np.ascontiguousarray(made.axes, dtype=np.float32),
                }
            about = about | {"epoch": str(epoch), "map_explained": json.dumps(made.explained)}
            self.write(epoch, save_arrays(arrays, metadata=about))
        self.previous = made.points

    def state(self) -> FramesState:
        return {"stride": self.stride, "previous": self.previous}

    def go_on(self, state: FramesState | None, epoch: int, step: int = 0) -> None:
        """Go on after `epoch`, at `step`, with what a checkpoint kept."""
        if state:
            self.previous = state["previous"]
        for later in list_early(self.folder):
            if later > step:
                early_path(self.folder, later).unlink(missing_ok=True)
        self.load(epoch if state else None, state["stride"] if state else 1)


def about_early(step: int, losses: Losses) -> dict[str, str]:
    """What a frame in the middle of the first epoch says of itself."""
    return {"epoch": "0", "step": json.dumps(step), "losses": json.dumps(finite(losses))}


def map_seen(latents: np.ndarray, previous: np.ndarray | None) -> tuple[Map, np.ndarray]:
    """`map_latents` of the rows that are not NaN, the others where they were before; and (S,) 1 where a row
    was there.
    """
    seen = ~np.isnan(latents).any(axis=1)
    made = map_latents(latents[seen], None if previous is None else previous[seen])
    points = np.tile(made.points.mean(axis=0), (len(latents), 1)) if previous is None else previous.copy()
    points[seen] = made.points
    return replace(made, points=points), seen.astype(np.uint8)


def pack_view(
    view: View, made: Map, about: dict[str, str], more: dict[str, np.ndarray] | None = None
) -> bytes:
    """An autoencoder's frame as a file."""
    arrays = {
        "reconstructions": as_bytes(view.reconstructions),
        "tile_loss": view.tile_loss.astype(np.float32),
        "latents": as_half(view.latents),
        "map": np.ascontiguousarray(made.points, dtype=np.float32),
        "map_mean": np.ascontiguousarray(made.mean, dtype=np.float32),
        "map_axes": np.ascontiguousarray(made.axes, dtype=np.float32),
        "sample_loss": view.sample_loss.astype(np.float32),
    }
    if view.corrupted is not None:
        arrays["corrupted"] = as_bytes(view.corrupted)
    arrays |= more or {}
    return save_arrays(arrays, metadata=about | {"map_explained": json.dumps(made.explained)})


def read_frame(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a frame. Raises FileNotFoundError when there is none, RunError when it is damaged."""
    return unpack_frame(read_file(path, MOST_FRAME), path.name)


def read_about(path: Path) -> dict[str, str]:
    """What a frame's file says of its arrays. Raises as `read_frame`."""
    require_plain(path)
    try:
        return read_metadata(path)
    except ValueError as error:
        raise damaged_frame(path.name) from error


def unpack_frame(blob: bytes, name: str) -> dict[str, np.ndarray]:
    """The arrays of a frame's bytes. Raises RunError that calls it `name`."""
    try:
        return load_arrays(blob)
    except (KeyError, TypeError, ValueError, SafetensorError) as error:
        raise damaged_frame(name) from error


def damaged_frame(name: str) -> RunError:
    return RunError(tr("{name} of the run is damaged.").format(name=name), code="damaged-frame")
