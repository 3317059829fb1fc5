"""60,000 made-up images of MNIST's size: smooth blobs, so that there is something to learn."""

from __future__ import annotations

import numpy as np

from benchmarks.size import sized
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.sources import SOURCES, Source

ROWS, BATCH, EPOCHS = sized(60_000, 3_000), 256, sized(8, 2)
TRAIN = {"batch_size": BATCH, "epochs": EPOCHS, "threads": 1, "device": "cpu"}


def images(rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    """((rows, 28, 28) bytes, (rows,) classes): a bright spot whose place and size say its class."""
    random = np.random.default_rng(0)
    y = random.integers(0, 10, rows)
    axis = np.arange(28, dtype=np.float32)
    centers = 6 + 16 * np.stack([(y % 4) / 3, (y // 4) / 2], axis=1) + random.normal(0, 1.5, (rows, 2))
    width = (2 + (y % 3) + random.random(rows))[:, None]
    horizontal = np.exp(-(((axis - centers[:, :1]) / width) ** 2))  # (rows, 28)
    vertical = np.exp(-(((axis - centers[:, 1:]) / width) ** 2))
    x = (vertical[:, :, None] * horizontal[:, None, :] * 255).astype(np.uint8)
    return x, y.astype(np.int32)


def build() -> Dataset:
    x, y = images()
    return Dataset(
        id="made-up",
        kind="image",
        title="Made up",
        x=x,
        y=y,
        classes=tuple("0123456789"),
        scale=1 / 255,
    )


SOURCES.register("made-up")(
    Source("Made up", "image", ROWS, (28, 28), 10, "none", "For benchmarks only.", build)
)
