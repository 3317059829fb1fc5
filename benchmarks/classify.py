"""A linear classifier on cached embeddings of 20,000 texts in 20 classes, trained anew; and its accuracy
beside scikit-learn's logistic regression.

The embeddings of the first part are made up (20 overlapping clouds in 384 dimensions) and put where real ones
are kept, so that everything but the encoder is the real thing: queue, supervisor, training, evaluation,
frames, test rows.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.size import is_toy, sized
from benchmarks.table import Row, left_out, percentile, spread
from selfsup_core.data.dataset import Dataset, load_dataset, save_dataset
from selfsup_core.data.texts import Texts
from selfsup_core.features.embedding.embed import EmbedConfig, plan_job
from selfsup_core.features.embedding.store import keep
from selfsup_core.pretrained.encoders.catalogue import ENCODERS
from selfsup_core.runs.folder import ENDED, read_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.workers.supervisor import ensure_supervisor, stop_supervisor

ROWS, CLASSES, WIDTH, ROUNDS = sized(20_000, 800), sized(20, 4), 384, sized(5, 1)
NAME = "my-made-up-texts"
SEEDS = sized(8, 1)
COLUMNS = (
    "training_s",
    "whole_s",
    "val_accuracy",
    "logistic_accuracy",
    "test_accuracy",
    "logistic_test_accuracy",
)


def make_texts(workspace: Path) -> None:
    """20,000 texts and, in the cache, an embedding of each."""
    generator = np.random.default_rng(0)
    y = generator.integers(0, CLASSES, ROWS)
    centers = generator.normal(size=(CLASSES, WIDTH))
    x = 0.15 * centers[y] + generator.normal(size=(ROWS, WIDTH))
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
    texts = Texts.pack(f"text {i} of the matter {label}" for i, label in enumerate(y))
    dataset = Dataset(
        id=NAME,
        kind="text",
        title="Made up",
        x=texts,
        y=y,
        classes=tuple(f"class {i}" for i in range(CLASSES)),
        details={"rows": ROWS, "shape": []},
    )
    save_dataset(replace(dataset), workspace / "datasets" / NAME)
    digest = load_dataset(workspace / "datasets" / NAME).digest
    keep(workspace / "embeddings", plan_job(EmbedConfig(), digest, ROWS), x, {}, 1.0)


def train(workspace: Path, **overrides: object) -> tuple[dict, float]:
    """(the run's last state, seconds from the submission to its end)."""
    began = time.perf_counter()
    settings = {"train.device": "cpu"} | {k.replace("__", "."): v for k, v in overrides.items()}
    folder = submit(workspace, preset_spec("classify-embeddings", settings))
    ensure_supervisor(workspace)
    while (state := read_state(folder))["status"] not in ENDED:
        time.sleep(0.005)
    if state["error"]:
        raise RuntimeError(state["error"]["message"])
    return state, time.perf_counter() - began


def retrain() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name)
        make_texts(workspace)
        ensure_supervisor(workspace)
        try:
            if not is_toy():  # the supervisor is warm
                train(workspace, data__source=NAME, data__labels_per_class=0)
            found = [train(workspace, data__source=NAME, data__labels_per_class=0) for _ in range(ROUNDS)]
        finally:
            stop_supervisor(workspace)
    trained, whole = [state["seconds"] for state, _ in found], [seconds for _, seconds in found]
    state = found[-1][0]
    ours, theirs = state["metrics"]["val_accuracy"], state["baseline"]["logistic_accuracy"]
    fitted = state["baseline"]["logistic_rows"]
    return [
        Row(
            f"{ROWS:,} texts, {CLASSES} classes: training with its evaluation and frames",
            f"{spread(trained)} s",
            "at most 2 s",
            percentile(trained, 0.5) <= 2,
            {"training_s": percentile(trained, 0.5)},
        ),
        Row(
            "  from the submission to the end, supervisor warm",
            f"{spread(whole)} s",
            figures={"whole_s": percentile(whole, 0.5)},
        ),
        Row(
            "  validation accuracy; logistic regression's",
            f"{ours:.3f}; {theirs:.3f} on {fitted:,} rows",
            figures={"val_accuracy": ours, "logistic_accuracy": theirs},
        ),
    ]


def compare() -> list[Row]:
    """Six topics with ten labels each, over splits: test rows, ours and scikit-learn's. At toy size the
    made-up texts.
    """
    import torch
    from sklearn.linear_model import LogisticRegression

    from selfsup_core.data.sources import SOURCES, open_source
    from selfsup_core.data.splits import choose_labeled
    from selfsup_core.features.batches import prepare
    from selfsup_core.features.config import DataConfig
    from selfsup_core.runs.folder import default_workspace

    missing = "" if is_toy() else ENCODERS["minilm"].missing() or SOURCES["newsgroups"].missing()
    if missing:
        return [left_out("classifier on six topics", missing, ("test_accuracy", "logistic_test_accuracy"))]
    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name) if is_toy() else default_workspace()
        source = NAME if is_toy() else "newsgroups"
        if is_toy():
            make_texts(workspace)
        dataset = open_source(source, workspace)
        torch.set_num_threads(1)
        config = DataConfig(source=source, text_features="embeddings", labels_per_class=10)
        prepare(dataset, config, workspace=workspace)  # minutes, the first time
        ours, theirs = [], []
        try:
            for seed in range(SEEDS):
                seeded = config.model_copy(update={"split_seed": seed})
                data = prepare(dataset, seeded, workspace=workspace)
                rows = choose_labeled(data.split.train, data.y, 10, seed)
                x, y, test = data.x.numpy(), data.y, data.split.test
                mean, scale = x[data.split.train].mean(axis=0), x[data.split.train].std(axis=0)
                fitted = LogisticRegression(C=10.0, max_iter=1000).fit((x[rows] - mean) / scale, y[rows])
                theirs.append(float(fitted.score((x[test] - mean) / scale, y[test])))
                changed = {"data__source": source, "data__split_seed": seed, "data__labels_per_class": 10}
                state, _ = train(workspace, **changed)
                ours.append(state["metrics"]["test_accuracy"])
        finally:
            stop_supervisor(workspace)
    gap = float(np.mean(ours) - np.mean(theirs))
    return [
        Row(
            f"six topics, ten labels each, test accuracy over {SEEDS} splits: ours",
            f"{np.mean(ours):.4f} ± {np.std(ours):.4f}",
            figures={"test_accuracy": float(np.mean(ours))},
        ),
        Row(
            "  logistic regression (C = 10) on the same rows",
            f"{np.mean(theirs):.4f} ± {np.std(theirs):.4f}, difference {gap:+.4f}",
            "within 0.01",
            abs(gap) <= 0.01,
            {"logistic_test_accuracy": float(np.mean(theirs))},
        ),
    ]


def measure() -> list[Row]:
    return retrain() + compare()
