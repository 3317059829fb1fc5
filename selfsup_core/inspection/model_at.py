"""A run's network as it was at an epoch, with its data: what can be tried out by hand.

Nothing here changes the run; a running run can be inspected like a finished one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from cachetools import LRUCache

from selfsup_core.data.sources import open_source
from selfsup_core.errors import RunError, SettingError
from selfsup_core.features.batches import Prepared
from selfsup_core.inspection.keyed import KeyedLocks
from selfsup_core.models.modules.autoencoder import Autoencoder
from selfsup_core.models.modules.gaussian import GaussianHead
from selfsup_core.models.modules.patches import PatchTransformer
from selfsup_core.objectives import OBJECTIVES, Objective
from selfsup_core.runs.folder import RunFolder, open_run
from selfsup_core.runs.frames import read_frame
from selfsup_core.runs.spec import RunSpec, read_spec
from selfsup_core.runs.thinned import frame_path, list_frames
from selfsup_core.runs.weights import nearest_epoch, read_weights
from selfsup_core.tasks.parts.network import build_evaluator, build_model
from selfsup_core.tasks.parts.views_data import prepare_views
from selfsup_core.train.trained import load_trained
from selfsup_core.translation import tr

MAX_EPOCHS = 12  # models kept at hand for each run
MAX_RUNS = 6

Network = Autoencoder | PatchTransformer


class RunKit:
    """What all epochs of a run share: its spec, data and fixed samples; made once, on the CPU.

    Raises:
        RunError: there is no such run. DataError: its data are gone.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.spec: RunSpec = read_spec(folder.spec)
        spec = self.spec
        dataset = open_source(spec.data.source, folder.workspace)
        self.data: Prepared = prepare_views(spec, dataset, "cpu", folder.workspace)[0]
        self.objective: Objective[Any] = OBJECTIVES[spec.objective.kind](spec.objective)
        self.evaluator = build_evaluator(spec, dataset, self.data)
        self.lock = threading.Lock()
        self.models: LRUCache[tuple[int, int], ModelAt] = LRUCache(MAX_EPOCHS)

    @property
    def samples(self) -> np.ndarray:
        """(S,) rows of the data set that the map shows."""
        return self.evaluator.samples

    def at(self, epoch: int | None) -> ModelAt:
        """The network at the kept epoch nearest to the one asked for; None asks for the newest."""
        with self.lock:
            near = nearest_epoch(self.folder.weights, epoch)
            # A resumed run writes an epoch again.
            stamp = frame_path(self.folder.weights, near).stat().st_mtime_ns
            key = (near, stamp)
            found = self.models.get(key)
            if found is None:
                model = build_model(self.spec, self.objective, self.data)
                load_trained(model, read_weights(self.folder.weights, near))
                network = cast("Network", model.eval().requires_grad_(False))
                found = self.models[key] = ModelAt(self, near, network)
            return found


@dataclass
class ModelAt:
    """The network at `epoch`."""

    kit: RunKit
    epoch: int
    model: Network

    @property
    def is_variational(self) -> bool:
        """Whether each sample has a distribution of codes."""
        return self.gaussian_head is not None

    @property
    def gaussian_head(self) -> GaussianHead | None:
        """What gives the mean and variance of a code, if anything does."""
        head = getattr(self.model, "head", None)
        return head if isinstance(head, GaussianHead) else None

    def check_autoencoder(self) -> None:
        """Raises RunError for an encoder without a decoder."""
        if self.kit.objective.task == "views":
            raise RunError(
                tr("This is for autoencoders; an encoder that learned from views has no decoder."),
                code="no-decoder",
                remedy=tr("Use its code in Latent space, or as features of a classifier."),
            )

    def check_decodes(self) -> None:
        self.check_autoencoder()
        if not self.model.can_decode:
            raise RunError(
                tr(
                    "A masked autoencoder fills hidden patches from the visible ones; it "
                    "cannot decode a code "
                    "alone."
                ),
                code="no-decoder",
                remedy=tr("Use Repair, or another objective."),
            )

    def values(self, sample: int) -> torch.Tensor:
        """(1, D) a sample of the map. Raises SettingError when there is no such sample."""
        samples = self.kit.samples
        if not 0 <= sample < len(samples):
            raise SettingError(
                tr("There is no sample {sample}; the map has {count}.").format(
                    sample=sample, count=len(samples)
                )
            )
        data = self.kit.data
        return data.values(data.rows(samples[sample : sample + 1]))

    @cached_property
    def codes(self) -> torch.Tensor:
        """(S, K) codes of the map's samples."""
        data = self.kit.data
        with torch.inference_mode():
            return self.model.encode(data.values(data.rows(self.kit.samples))).float()

    @cached_property
    def projection(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(mean (K,), axes (2, K)) of the map at this epoch.

        Raises:
            RunError: the map of this epoch is not kept, or was made before these were written down.
        """
        frames = self.kit.folder.frames
        kept = list_frames(frames)
        if not kept:
            raise RunError(tr("There is no map yet."), code="no-frame")
        frame = read_frame(frame_path(frames, min(kept, key=lambda e: abs(e - self.epoch))))
        if "map_axes" not in frame:
            raise RunError(tr("This run's map cannot be inverted."), remedy=tr("Train it again."))
        return torch.from_numpy(frame["map_mean"]), torch.from_numpy(frame["map_axes"])

    def labels(self) -> np.ndarray:
        """(S,) class of each sample, -1 where there is none."""
        y = self.kit.data.y
        return np.full(len(self.kit.samples), -1) if y is None else y[self.kit.samples]

    def decode(self, codes: torch.Tensor) -> np.ndarray:
        """(N, K) codes → (N, D) bytes."""
        self.check_decodes()
        with torch.inference_mode():
            return as_bytes(self.model.decode(codes))


def as_bytes(values: torch.Tensor) -> np.ndarray:
    """[0, 1] floats → 0 to 255."""
    return values.clamp(0, 1).mul(255).round().to(torch.uint8).numpy()


class Kits:
    """The kits of the runs that were asked for last."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.lock = threading.Lock()  # never held while a kit is made
        self.making = KeyedLocks()
        self.kits: LRUCache[str, RunKit] = LRUCache(MAX_RUNS)

    def kit(self, run: str) -> RunKit:
        with self.making(run):
            with self.lock:
                found = self.kits.get(run)
            if found is None or not found.folder.exists():
                with self.lock:
                    self.kits.pop(run, None)
                found = RunKit(open_run(self.workspace, run))  # or says that it is gone
                with self.lock:
                    self.kits[run] = found
            return found
