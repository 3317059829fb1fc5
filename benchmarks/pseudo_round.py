"""A round of self-training on 20,000 embeddings of 384 numbers and 20 classes, beside a round of
scikit-learn's.

A round of ours is propose, keep, train student, twin and ceiling, measure validation and test rows, write the
frame. A round of SelfTrainingClassifier(LogisticRegression) fits and predicts once, threshold .75; both on
one thread, by turns.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from benchmarks.pseudo import train
from benchmarks.size import sized
from benchmarks.table import Row, percentile, spread
from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.runs.folder import RunFolder, read_rows
from selfsup_core.runs.signs import epoch_rows

ROWS, WIDTH, CLASSES, LABELS = sized(20_000, 800), sized(384, 32), sized(20, 4), 10
ROUNDS, TURNS, STEPS = sized(6, 3), sized(3, 1), sized(60, 5)
COLUMNS = ("round_s", "scikit_learn_s", "scikit_learn_over_ours")


def make_set(workspace: Path) -> tuple[np.ndarray, np.ndarray]:
    """Clouds that overlap, as rows of a table."""
    generator = np.random.default_rng(0)
    y = np.arange(ROWS) % CLASSES
    x = (
        generator.normal(size=(ROWS, WIDTH)) + 1.5 * generator.normal(size=(CLASSES, WIDTH))[y] * 0.3
    ).astype(np.float32)
    columns = tuple(f"n{i}" for i in range(WIDTH))
    names = tuple(f"class {i}" for i in range(CLASSES))
    made = Dataset(
        id="my-clouds",
        kind="table",
        title="Clouds",
        x=x,
        y=y.astype(np.int32),
        classes=names,
        columns=columns,
        details={"rows": ROWS, "shape": [WIDTH]},
    )
    save_dataset(made, workspace / "datasets" / "my-clouds")
    return x, y


def ours(workspace: Path) -> list[float]:
    """Seconds of each round after the first."""
    overrides = {
        "data.source": "my-clouds",
        "data.labels_per_class": LABELS,
        "train.epochs": ROUNDS,
        "train.batch_size": 256,
        "train.steps_per_epoch": STEPS,
        "train.device": "cpu",
        "train.threads": 1,
        "objective.prior": "even",
        "objective.proposers": ["self"],
    }
    state = train(workspace, "pseudo-table", overrides)
    rows = epoch_rows(read_rows(RunFolder(workspace / "runs" / state["run"]).metrics))
    return [b["seconds"] - a["seconds"] for a, b in pairwise(rows[1:])]


def theirs(x: np.ndarray, y: np.ndarray) -> float:
    """Seconds of an iteration of SelfTrainingClassifier on the same rows and labels."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.semi_supervised import SelfTrainingClassifier
    from threadpoolctl import threadpool_limits

    train_rows = int(0.8 * ROWS)
    labels = np.full(train_rows, -1)
    labels[: LABELS * CLASSES] = y[: LABELS * CLASSES]
    model = SelfTrainingClassifier(LogisticRegression(C=10, max_iter=200), threshold=0.75, max_iter=ROUNDS)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        began = time.perf_counter()
        model.fit(x[:train_rows], labels)
        return (time.perf_counter() - began) / max(1, model.n_iter_)


def measure() -> list[Row]:
    torch.set_num_threads(1)
    mine: list[float] = []
    other: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        x, y = make_set(Path(folder))
        for _ in range(TURNS):
            mine += ours(Path(folder))
            other.append(theirs(x, y))
    middle, their_middle = percentile(mine, 0.5), percentile(other, 0.5)
    return [
        Row(
            f"pseudo-labels, a round on {ROWS:,} × {WIDTH} × {CLASSES}, seconds",
            spread(mine),
            "≤ 1",
            middle <= 1.0,
            {"round_s": middle},
        ),
        Row(
            "  scikit-learn's SelfTrainingClassifier, seconds an iteration",
            spread(other),
            figures={"scikit_learn_s": their_middle},
        ),
        Row(
            "  its time ÷ ours",
            f"{their_middle / middle:.2f}",
            figures={"scikit_learn_over_ours": their_middle / middle},
        ),
    ]
