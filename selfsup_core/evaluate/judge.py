"""The classifier in whose features generated images are compared with real ones: trained here, on the labels
of training rows, once for a data set and its split, and kept in the workspace.

It only measures: no generator learns from it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch.nn import functional

from selfsup_core.features.batches import Prepared
from selfsup_core.files import MOST_WEIGHTS, read_file, sha256, write_bytes
from selfsup_core.models.modules.autoencoder import glorot_init
from selfsup_core.models.modules.conv_classifier import ConvClassifier
from selfsup_core.safetensors_header import read_metadata
from selfsup_core.translation import tr
from selfsup_core.wording import percent

FORMAT = 1
SEED, CHANNELS = 0, (16, 32, 64)
BATCH, RATE = 64, 2e-3
LEAST_STEPS, MOST_STEPS, EPOCHS = 300, 1500, 12
MOST_ROWS = 10_000  # that it learns from
FOLDER = "judges"
PART = 500  # rows


@dataclass(frozen=True)
class Judge:
    """The classifier, and how good it is.

    Attributes:
        accuracy: on validation rows, None where none has a label. rows: it was trained on.
    """

    model: ConvClassifier
    accuracy: float | None
    rows: int
    seed: int = SEED

    @property
    def size(self) -> int:
        """Numbers of a feature vector."""
        return self.model.output.in_features

    @torch.inference_mode()
    def features(self, values: torch.Tensor) -> np.ndarray:
        """(N, D) values in [0, 1] on its device → (N, size), what its last layer is given."""
        parts = [self.model.features(part) for part in parts_of(values)]
        found: np.ndarray = torch.cat(parts).double().cpu().numpy()
        return found

    def name(self) -> str:
        """Who judges, in words."""
        right = (
            ""
            if self.accuracy is None
            else tr(", {share} right on validation rows").format(share=percent(self.accuracy))
        )
        return tr(
            "a classifier trained here ({size} features, seed {seed}, {rows:,} training rows{right})"
        ).format(size=self.size, seed=self.seed, rows=self.rows, right=right)


def open_judge(data: Prepared, workspace: Path, say: Callable[[str], None]) -> Judge | None:
    """The judge of these data and their split, from the workspace or trained now; None without labels of two
    classes.

    Args:
        data: images, on the device on which it shall work.
    """
    rows = labeled(data, data.split.train)
    if data.y is None or len(np.unique(data.y[rows])) < 2:
        return None
    path = workspace / FOLDER / f"{key_of(data)}.safetensors"
    model = make_model(data)
    found = read_judge(path, model)
    if found is None:
        say(tr("Training the classifier in whose features images are compared; it is kept for later runs."))
        found = train_judge(data, model, rows)
        path.parent.mkdir(parents=True, exist_ok=True)
        about = {"accuracy": json.dumps(found.accuracy), "rows": json.dumps(found.rows)}
        tensors = {k: v.cpu().contiguous() for k, v in found.model.state_dict().items()}
        write_bytes(path, save(tensors, metadata=about))
    return found


def parts_of(values: torch.Tensor) -> list[torch.Tensor]:
    """(N, D) in parts that fit into memory with all that is computed of them."""
    return [values[start : start + PART] for start in range(0, len(values), PART)]


def labeled(data: Prepared, rows: np.ndarray) -> np.ndarray:
    """Those of the rows that have a label."""
    return rows[:0] if data.y is None else rows[data.y[rows] >= 0]


def key_of(data: Prepared) -> str:
    """Of all that decides its weights."""
    split = data.split
    said = {
        "format": FORMAT,
        "data": data.dataset.digest or data.dataset.id,
        "train": sha256(np.ascontiguousarray(split.train, dtype=np.int64).tobytes()),
        "settings": [SEED, *CHANNELS, BATCH, RATE, LEAST_STEPS, MOST_STEPS, EPOCHS, MOST_ROWS],
    }
    return sha256(json.dumps(said, sort_keys=True).encode())[:32]


def make_model(data: Prepared) -> ConvClassifier:
    """Untrained, with the weights of its seed."""
    assert data.y is not None
    classes = len(data.dataset.classes) or int(data.y.max()) + 1
    with torch.random.fork_rng(devices=[]):
        model = ConvClassifier(data.item_shape, CHANNELS, classes)
    glorot_init(model, torch.Generator().manual_seed(SEED))
    return model


def read_judge(path: Path, model: ConvClassifier) -> Judge | None:
    """From its file; None where there is none, or it is damaged: it is made again then."""
    try:
        about = read_metadata(path)
        model.load_state_dict(load(read_file(path, MOST_WEIGHTS)))
        accuracy, rows = json.loads(about["accuracy"]), int(about["rows"])
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError):
        return None
    return Judge(model.eval().requires_grad_(False), accuracy, rows)


def train_judge(data: Prepared, model: ConvClassifier, rows: np.ndarray) -> Judge:
    """By Adam with a cosine schedule, on the labels of these training rows."""
    assert data.y is not None
    generator = torch.Generator().manual_seed(SEED)
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(SEED).choice(rows, MOST_ROWS, replace=False))
    x, y = data.values(data.rows(rows)).cpu(), torch.from_numpy(data.y[rows].astype(np.int64))
    model.standardize.fit(x.mean(dim=0), x.std(dim=0))
    model.train()
    steps = min(MOST_STEPS, max(LEAST_STEPS, EPOCHS * -(-len(rows) // BATCH)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    order = torch.empty(0, dtype=torch.int64)
    for _ in range(steps):
        if len(order) < BATCH:
            order = torch.cat([order, torch.randperm(len(rows), generator=generator)])
        batch, order = order[:BATCH], order[BATCH:]
        optimizer.zero_grad()
        functional.cross_entropy(model(x[batch]), y[batch]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    model.eval().requires_grad_(False)
    return Judge(model, measure(data, model), len(rows))


@torch.inference_mode()
def measure(data: Prepared, model: ConvClassifier) -> float | None:
    """Accuracy on the labeled validation rows."""
    rows = labeled(data, data.split.validation)
    if len(rows) == 0:
        return None
    assert data.y is not None
    values = data.values(data.rows(rows)).cpu()
    named = torch.cat([model(part).argmax(dim=1) for part in parts_of(values)])
    return float((named.numpy() == data.y[rows]).mean())
