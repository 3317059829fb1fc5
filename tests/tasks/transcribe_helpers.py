"""A speech run in a second or two: short clips in which a, b and c are sounds in three bands, and a small
network.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.mu_law import encode_mu_law
from selfsup_core.data.spoken import FRAME_SECONDS, TRANSCRIPT
from selfsup_core.data.texts import Texts
from selfsup_core.runs.spec import RunSpec, make_spec

NAME, RATE = "my-speech", 8000
WORDS = ("a", "b", "ca", "ab")
TINY = {
    "data": {"source": NAME, "validation": 0.2, "test": 0.4, "labels_fraction": 0.5},
    "model": {"kind": "transcriber", "width": 16, "dropout": 0.0},
    "objective": {
        "kind": "ctc",
        "teacher_epochs": 3,
        "every": 1,
        "keep": 0.5,
        "beam": 4,
        "time_mask": 0.02,
        "band_mask": 2,
    },
    "train": {
        "epochs": 5,
        "device": "cpu",
        "threads": 1,
        "batch_size": 4,
        "steps_per_epoch": 20,
        "learning_rate": 0.01,
        "precision": "float32",
    },
}


def make_texts(count: int = 100) -> list[str]:
    generator = np.random.default_rng(0)
    return [" ".join(generator.choice(WORDS, generator.integers(1, 4))) for _ in range(count)]


def picture_of(text: str, generator: np.random.Generator) -> np.ndarray:
    """(32, T): each letter sounds in ten bands of its own for four columns, and two are silent after it."""
    columns = [np.zeros((32, 2))]
    for letter in text:
        one = np.zeros((32, 4))
        if letter != " ":
            start = 1 + 10 * "abc".index(letter)
            one[start : start + 10] = 200
        columns += [one, np.zeros((32, 2))]
    picture = np.concatenate(columns, axis=1)
    return np.clip(picture + generator.integers(0, 30, picture.shape), 0, 255).astype(np.uint8)


def make_clips(
    workspace: Path, texts: Sequence[str] | None = None, said: Sequence[str] | None = None
) -> Dataset:
    """The data set `NAME`. Args: texts: the transcripts; said: what is heard, if it is another thing."""
    generator = np.random.default_rng(1)
    texts = make_texts() if texts is None else list(texts)
    pictures = [picture_of(text, generator) for text in said or texts]
    frames = np.array([picture.shape[1] for picture in pictures], np.int32)
    x = np.zeros((len(texts), 32, frames.max()), np.uint8)
    for row, picture in enumerate(pictures):
        x[row, :, : picture.shape[1]] = picture
    noise = generator.uniform(-0.5, 0.5, (len(texts), round(frames.max() * FRAME_SECONDS * RATE)))
    made = Dataset(
        id=NAME,
        kind="sound",
        title="Clips",
        x=x,
        scale=1 / 255,
        extra={"audio": encode_mu_law(noise), "frames": frames, TRANSCRIPT: Texts.pack(texts)},
        details={"rows": len(texts), "shape": list(x.shape[1:]), "rate": RATE, "seconds": 1.0},
    )
    save_dataset(made, workspace / "datasets" / NAME)
    return made


def tiny(**changes: object) -> RunSpec:
    """`tiny(train__epochs=1)`: with `train.epochs` = 1."""
    return make_spec(TINY, {path.replace("__", "."): value for path, value in changes.items()})
