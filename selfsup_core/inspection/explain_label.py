"""Why a run's classifier names this class: answers for the pages, from its features, its data and its labeled
rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.errors import DataError
from selfsup_core.evaluate.attribution import Term, gradients, leave_out, nearest_labeled, strongest
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.export.portable_classifier import Classifier

MOST_LABELED = 400  # rows that a sample is compared with
LETTERS = 300


class Near(TypedDict):
    """A labeled row like the sample; text: "" where the data are no texts."""

    row: int
    label: str
    cosine: float
    text: str


class Reasons(TypedDict):
    """Why a sample has its class: by its words, its pixels or its columns.

    Attributes:
        text, places, parts: of a text read by a transformer; characters of each word, and what the word says
        for the class.
        pixels, image: (H, W) what each says, and the sample (H, W, channels).
        terms: the strongest words or columns.
    """

    label: str
    probability: float
    kind: str
    nearest: list[Near]
    text: NotRequired[str]
    places: NotRequired[list[tuple[int, int]]]
    parts: NotRequired[list[float]]
    pixels: NotRequired[list[list[float]]]
    image: NotRequired[list[Any]]
    terms: NotRequired[list[Term]]


def explain(found: Classifier, item: Any, spec: Any, workspace: Path) -> Reasons:
    """What speaks for the class of a sample, and labeled rows like it."""
    p = found.logits([item]).softmax(dim=1).numpy()[0]
    label = int(p.argmax())
    about: Reasons = {
        "label": found.classes[label],
        "probability": float(p[label]),
        "kind": found.kind,
        "nearest": find_nearest(found, item, spec, workspace),
    }
    features = found.features
    is_counted = features is not None and features.about.get("features", "").startswith("tfidf")
    if found.kind == "text" and not is_counted:
        places, parts = leave_out(lambda texts: found.logits(texts).softmax(dim=1).numpy(), item, label)
        about |= {"text": item, "places": places, "parts": parts.tolist()}
    else:
        assert features is not None  # only transformers have none, and they read texts
        x = features.apply([item])[0]
        parts = gradients(found.model, x, np.zeros_like(x) if is_counted else baseline_of(found, x), label)
        if is_counted:
            about["terms"] = strongest(
                [*features.about["terms"], *[""] * (len(x) - len(features.about["terms"]))], parts
            )
        elif found.kind == "table":
            about["terms"] = strongest(features.about["columns"], parts)
        elif features.encoder is None:
            shape = features.about["item_shape"]
            about["pixels"] = parts.reshape(shape[0], shape[1], -1).sum(axis=2).tolist()
            about["image"] = x.reshape(shape).tolist()
        else:
            about["terms"] = strongest([tr("code {i}").format(i=i + 1) for i in range(len(parts))], parts)
    return about


def baseline_of(found: Classifier, x: np.ndarray) -> np.ndarray:
    """A sample that says nothing: black for images, the mean of the training rows for tables."""
    if found.kind == "table":
        mean: np.ndarray = found.model.standardize.mean.numpy()
        return mean
    return np.zeros_like(x)


def find_nearest(found: Classifier, item: Any, spec: Any, workspace: Path) -> list[Near]:
    """Labeled training rows most like the sample, in the space that the classifier sees."""
    from selfsup_core.data.sources import open_source
    from selfsup_core.data.splits import choose_labeled, choose_stratified, split_rows
    from selfsup_core.data.texts import Texts

    if found.features is None:  # a transformer: its own states of hundreds of texts would take too long
        return []
    dataset, data = open_source(spec.data.source, workspace), spec.data
    y = np.asarray(dataset.y)
    split = split_rows(dataset, validation=data.validation, test=data.test, seed=data.split_seed)
    rows = choose_labeled(split.train, y, data.labels_per_class, data.split_seed, data.labels_fraction)
    rows = choose_stratified(rows, y, MOST_LABELED, 0)
    items = [dataset.x[int(row)] for row in rows]
    best = nearest_labeled(found.features.apply([item])[0], found.features.apply(items))
    is_text = isinstance(dataset.x, Texts)
    return [
        {
            "row": int(rows[i]),
            "label": dataset.classes[int(y[rows[i]])] if dataset.classes else str(int(y[rows[i]])),
            "cosine": cosine,
            "text": dataset.x[int(rows[i])][:LETTERS] if is_text else "",
        }
        for i, cosine in best
    ]


def sample_of(found: Classifier, spec: Any, workspace: Path, row: int | None, text: str | None) -> Any:
    """A typed text, or a row of the run's own data. Raises DataError when there is neither."""
    from selfsup_core.data.sources import open_source

    if text is not None:
        if found.kind != "text":
            raise DataError(
                tr("This classifier is for {kind}s, not texts.").format(kind=found.kind), code="no-texts"
            )
        return text
    dataset = open_source(spec.data.source, workspace)
    if row is None or not 0 <= row < len(dataset):
        raise DataError(
            tr("There is no row {row}; the data set has {count:,}.").format(row=row, count=len(dataset)),
            code="no-row",
        )
    return dataset.x[row]
