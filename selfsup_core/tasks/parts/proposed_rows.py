"""What is written of a round's proposals: rows that a person should look at, and all of them for the
export.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.splits import Split
from selfsup_core.data.texts import Texts
from selfsup_core.evaluate.kept import OUTSIDE, PSEUDO, STUDENT, Kept
from selfsup_core.features.seen import describe_cells
from selfsup_core.files import write_bytes
from selfsup_core.runs.frames import MOST_LETTERS, as_bytes, save_arrays
from selfsup_core.tasks.parts.look_at import confident_mistakes, least_certain


def on_the_map(now: Kept, pool: np.ndarray, samples: np.ndarray, rows: int) -> dict[str, np.ndarray]:
    """What was kept of the samples of the map, and since which round; -1 for those outside of the pool.

    Args:
        samples: (S,) row numbers. rows: of the data set.
    """
    place = np.full(rows, -1)
    place[pool] = np.arange(len(pool))
    shown = place[samples]  # -1, the place behind the pool, for rows outside of it
    return {
        "pseudo": np.append(now.kept_label, -1)[shown].astype(np.int32),
        "kept_round": np.append(now.first, -1)[shown].astype(np.int32),
    }


def name_rows(
    now: Kept,
    probabilities: np.ndarray,
    pool: np.ndarray,
    truth: np.ndarray,
    *,
    features: Callable[[np.ndarray], np.ndarray],
    logits: Callable[[np.ndarray], torch.Tensor],
    values: Callable[[np.ndarray], np.ndarray],
    texts: Callable[[np.ndarray], list[str]] | None,
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Rows that a person should look at: the least certain, and confident ones that the truth contradicts.

    Args:
        probabilities: (P, C). truth: (P,) true classes, -1 where there is none.
        features: (R,) places in the pool → (R, D), by which rows differ.
        logits: (R,) rows → (R, C) of the student. values: (R,) rows → (R, D) as a person sees them.
        texts: (R,) rows → a text of each, shown instead of values where samples are texts or rows of tables.

    Returns: (arrays, texts) of a frame.
    """
    arrays: dict[str, np.ndarray] = {}
    about: dict[str, str] = {}
    unsure, wrong = least_certain(now, probabilities, features), confident_mistakes(now, truth)
    for name, places in (("unsure", unsure), ("mistakes", wrong)):
        rows = pool[places]
        arrays[f"{name}_rows"] = rows.astype(np.int32)
        arrays[f"{name}_label"] = now.label[places]
        arrays[f"{name}_truth"] = truth[places].astype(np.int32)
        arrays[f"{name}_confidence"] = now.confidence[places]
        if name == "unsure" and len(rows):
            sure, said = logits(rows).softmax(dim=1).max(dim=1)
            arrays["unsure_student"] = said.numpy().astype(np.int32)
            arrays["unsure_student_confidence"] = sure.numpy()
        if texts is not None:
            shown = [text[:MOST_LETTERS] for text in texts(rows)]
            about[f"{name}_texts"] = json.dumps(shown, ensure_ascii=False)
        elif len(rows):
            arrays[f"{name}_values"] = as_bytes(values(rows))
    return arrays, about


def row_texts(dataset: Dataset) -> Callable[[np.ndarray], list[str]] | None:
    """How rows of texts and tables are written for a person, as they were uploaded; None for pictures."""
    x = dataset.x
    if isinstance(x, Texts):
        return lambda rows: [x[int(row)] for row in rows]
    return partial(describe_cells, dataset) if dataset.kind == "table" else None


def write_labels(folder: Path, epoch: int, pool: np.ndarray, now: Kept, **about: Any) -> None:
    """All proposals of the newest epoch, for the export; about: what is written beside them, as JSON."""
    arrays = {
        "rows": pool.astype(np.int64),
        "label": now.label,
        "confidence": now.confidence,
        "weight": now.weight,
        "first": now.first,
        "voters": now.voters,
    }
    metadata = {"epoch": str(epoch)} | {name: json.dumps(value) for name, value in about.items()}
    write_bytes(folder / PSEUDO, save_arrays(arrays, metadata=metadata))


def find_outside(y: np.ndarray, given: np.ndarray, pool: np.ndarray) -> np.ndarray:
    """(O,) rows without any label that no label is proposed for while training: those of validation and
    test, and those that the pool has no room for.

    Args:
        y: (N,) labels of the data, given: (N,) those that training sees; -1 for none. pool: (P,) rows.
    """
    found: np.ndarray = np.setdiff1d(np.flatnonzero((y < 0) & (given < 0)), pool)
    return found


def write_student(folder: Path, pool: np.ndarray, logits: torch.Tensor) -> None:
    """What the trained student makes of the pool, whether labels were proposed and kept there or not.

    Args:
        pool: (P,) rows. logits: (P, C).
    """
    sure, said = logits.softmax(dim=1).max(dim=1)
    arrays: dict[str, np.ndarray] = {
        "rows": pool.astype(np.int64),
        "label": said.numpy().astype(np.int32),
        "confidence": sure.numpy(),
    }
    write_bytes(folder / STUDENT, save_arrays(arrays))


def write_outside(folder: Path, rows: np.ndarray, logits: torch.Tensor, split: Split) -> None:
    """What the trained student makes of the unlabeled rows outside of the pool; they never reach training.

    Args:
        rows: (O,). logits: (O, C).
    """
    sure, said = logits.softmax(dim=1).max(dim=1)
    arrays: dict[str, np.ndarray] = {
        "rows": rows.astype(np.int64),
        "label": said.numpy().astype(np.int32),
        "confidence": sure.numpy(),
        "part": np.isin(rows, split.validation) + 2 * np.isin(rows, split.test).astype(np.int32),
    }
    write_bytes(folder / OUTSIDE, save_arrays(arrays))
