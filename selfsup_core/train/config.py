"""Settings of training."""

from __future__ import annotations

from typing import Literal

from selfsup_core.settings import Config, setting


class TrainConfig(Config):
    """How long, how fast, where."""

    epochs: int = setting(
        30,
        "How many epochs to train. In each the network sees every training row once, unless Steps an epoch sets another number.",
        title="Epochs",
        ge=1,
        le=100_000,
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
    steps_per_epoch: int = setting(
        0,
        "Updates that count as one epoch; 0 goes through all training rows.",
        title="Steps an epoch",
        why="One pass through a long text would take too long to be watched.",
        ge=0,
        le=1_000_000,
    )
    warmup_steps: int = setting(
        0,
        "Updates in which the learning rate rises from 0 to its full size.",
        title="Warm-up steps",
        ge=0,
        le=1_000_000,
    )
    schedule: Literal["constant", "cosine", "linear"] = setting(
        "constant",
        "How the learning rate goes on after the warm-up: it stays, or it falls to a tenth.",
        title="Schedule",
        why="A constant rate keeps live changes easy to read.",
    )
    weight_decay: float = setting(
        0.0,
        "Pulls matrices of weights towards zero at each update (AdamW); 0 is plain Adam.",
        title="Weight decay",
        ge=0.0,
        le=1.0,
    )
    beta2: float = setting(
        0.999,
        "How long Adam remembers the size of gradients.",
        title="Adam's beta 2",
        why="Adam's published default.",
        ge=0.5,
        le=0.9999,
    )
    epsilon: float = setting(
        1e-8,
        "Added to the size of gradients by which Adam divides; far above that size, Adam is plain gradient descent.",
        title="Adam's epsilon",
        why="Adam's published default. A linear classifier on few labels does better with 1.",
        ge=1e-12,
        le=10.0,
    )
    clip_norm: float = setting(
        0.0,
        "Gradients longer than this are shortened to it; 0 leaves them as they are.",
        title="Gradient clipping",
        ge=0.0,
        le=1000.0,
    )
    accumulation: int = setting(
        1,
        "Smaller batches whose gradients are summed before each update; the same result in less memory.",
        title="Gradient accumulation",
        ge=1,
        le=256,
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
        why="Off, so that over-fitting can be seen; the best epoch is kept in any case, where labels are there to choose it by.",
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
        "CPU threads for training, at most as many as the machine has cores; 0 chooses and says why.",
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
