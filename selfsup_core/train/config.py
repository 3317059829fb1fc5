"""Settings of training."""

from __future__ import annotations

from typing import Literal

from selfsup_core.settings import Config, setting


class TrainConfig(Config):
    """How long, how fast, where."""

    epochs: int = setting(
        30,
        "How many epochs to train. In each the network sees every training row once, unless Steps per epoch "
        "sets another number.",
        title="Epochs",
        ge=1,
        le=100_000,
    )
    batch_size: int = setting(
        32,
        "Number of rows per update of the weights.",
        title="Batch size",
        why="With 5,000 images, small batches give enough updates to beat PCA in 30 epochs.",
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
        "Updates per epoch; 0 uses every training row once.",
        title="Steps per epoch",
        zero="all rows once",
        why="For long texts, where a pass over the whole text would take too long to watch.",
        ge=0,
        le=1_000_000,
    )
    warmup_steps: int = setting(
        0,
        "Updates over which the learning rate rises from 0 to its full value.",
        title="Warm-up steps",
        ge=0,
        le=1_000_000,
    )
    schedule: Literal["constant", "cosine", "linear"] = setting(
        "constant",
        "The learning rate after the warm-up: constant, or decaying to a tenth.",
        title="Schedule",
        titles={"constant": "Constant", "cosine": "Cosine", "linear": "Linear"},
        why="A constant rate keeps live changes easy to read.",
    )
    weight_decay: float = setting(
        0.0,
        "Pulls weight matrices towards zero at each update (AdamW); 0 is plain Adam.",
        title="Weight decay",
        ge=0.0,
        le=1.0,
    )
    beta2: float = setting(
        0.999,
        "Decay of Adam's running mean of squared gradients.",
        title="Adam's beta 2",
        why="Adam's published default.",
        ge=0.5,
        le=0.9999,
    )
    epsilon: float = setting(
        1e-8,
        "Added to the denominator of Adam's update; if it is much larger than the gradients, Adam becomes "
        "plain gradient descent.",
        title="Adam's epsilon",
        why="Adam's published default. A linear classifier with few labels does better with 1.",
        ge=1e-12,
        le=10.0,
    )
    clip_norm: float = setting(
        0.0,
        "Maximum norm of the gradient; 0 does not clip.",
        title="Gradient clipping",
        zero="off",
        ge=0.0,
        le=1000.0,
    )
    accumulation: int = setting(
        1,
        "Smaller batches whose gradients are summed before each update: the same result with less memory.",
        title="Gradient accumulation",
        ge=1,
        le=256,
    )
    epochs_per_second: float = setting(
        0.0,
        "Slows training down to watch it; 0 is full speed.",
        title="Most epochs per second",
        zero="full speed",
        live=True,
        ge=0.0,
        le=1000.0,
    )
    patience: int = setting(
        0,
        "Stop after this many epochs without a lower validation loss; 0 never stops early.",
        title="Early stopping",
        zero="off",
        why="Off, so that overfitting becomes visible; the best epoch is kept in any case where labels are "
        "there to choose it by.",
        ge=0,
        le=100_000,
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = setting(
        "auto",
        "Where training runs; automatic uses a GPU if there is one.",
        title="Device",
        titles={"auto": "Automatic", "cpu": "CPU", "cuda": "CUDA GPU", "mps": "Apple GPU"},
    )
    threads: int = setting(
        0,
        "CPU threads for training, at most the number of cores; 0 chooses automatically and gives the "
        "reason.",
        title="Threads",
        zero="automatic",
        ge=0,
        le=256,
    )
    devices: int = setting(
        1,
        "GPUs, or processes on the CPU, that share each batch; the first one also evaluates.",
        title="Devices",
        why="One device is enough for most networks here. The batch stays the same for any number.",
        ge=1,
        le=16,
    )
    precision: Literal["auto", "float32", "bf16"] = setting(
        "auto",
        "Number format of the computations; bf16 has half as many bits. Weights stay in float32.",
        title="Number format",
        titles={"auto": "Automatic", "float32": "float32", "bf16": "bf16"},
        why="Automatic: bf16 on a GPU that has it, and on a CPU where a short measurement says that it is a "
        "fifth faster. Set it where runs must agree bit for bit on several machines.",
    )
    checkpoint_seconds: float = setting(
        20.0,
        "Maximum number of seconds between two checkpoints; a crash loses at most this much.",
        title="Checkpoint interval",
        gt=0.0,
        le=30.0,
    )
