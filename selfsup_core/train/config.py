"""Settings of training."""

from __future__ import annotations

from typing import Literal

from selfsup_core.settings import Config, setting


class TrainConfig(Config):
    """How long, how fast, where."""

    epochs: int = setting(
        30, "How many times the network sees every training row.", title="Epochs", ge=1, le=100_000
    )
    batch_size: int = setting(
        32,
        "Rows that share one update of the weights.",
        title="Batch size",
        why="Small batches give 5,000 images enough updates to pass PCA in 30 epochs.",
        ge=1,
        le=65_536,
    )
    learning_rate: float = setting(
        1e-3,
        "Size of Adam's steps; can be changed while training.",
        title="Learning rate",
        why="Adam's published default.",
        live=True,
        gt=0.0,
        le=10.0,
    )
    epochs_per_second: float = setting(
        0.0,
        "Slows training down so that it can be watched; 0 is full speed.",
        title="Speed",
        live=True,
        ge=0.0,
        le=1000.0,
    )
    patience: int = setting(
        0,
        "Stop after this many epochs without a better validation loss; 0 never stops early.",
        title="Early stop",
        why="Off, so that over-fitting can be seen; the best epoch is kept in any case.",
        ge=0,
        le=100_000,
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = setting(
        "auto",
        "Where training runs; auto takes a GPU where there is one.",
        title="Device",
    )
    threads: int = setting(
        0,
        "CPU threads for training; 0 chooses and says why.",
        title="Threads",
        ge=0,
        le=256,
    )
    checkpoint_seconds: float = setting(
        20.0,
        "Longest time between two checkpoints; a crash loses at most this much.",
        title="Checkpoint interval",
        gt=0.0,
        le=30.0,
    )
