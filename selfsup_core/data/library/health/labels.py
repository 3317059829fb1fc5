"""Labels that out-of-fold predictions speak against."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.library.health.contents import LONG_TEXT
from selfsup_core.data.library.health.finding import SHOWN, Finding, some
from selfsup_core.data.texts import Texts
from selfsup_core.translation import tr
from selfsup_core.wording import counted, percent

# Out-of-fold predictions are made on at most this many rows.
LABEL_ROWS = 4000


def labeled_sample(dataset: Dataset) -> np.ndarray:
    """Labeled rows, at most LABEL_ROWS of them, drawn with seed 0."""
    rows = np.flatnonzero(np.asarray(dataset.y) >= 0)
    if len(rows) > LABEL_ROWS:
        rows = np.sort(np.random.default_rng(0).choice(rows, LABEL_ROWS, replace=False))
    return rows


def features(dataset: Dataset, rows: np.ndarray) -> Any:
    """(len(rows), D) numbers for a quick linear model."""
    if isinstance(dataset.x, Texts):
        from sklearn.feature_extraction.text import TfidfVectorizer

        texts = [dataset.x[int(row)][:LONG_TEXT] for row in rows]
        # Character pieces serve scripts without spaces, too.
        dense = np.mean([any(ord(c) > 0x2E7F for c in t[:50]) for t in texts]) > 0.5
        analyzer = {"analyzer": "char", "ngram_range": (1, 2)} if dense else {}
        return TfidfVectorizer(max_features=20_000, sublinear_tf=True, **analyzer).fit_transform(texts)
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    x = np.nan_to_num(np.asarray(dataset.x[rows], np.float32).reshape(len(rows), -1))
    x = StandardScaler().fit_transform(x)
    return PCA(50, random_state=0).fit_transform(x) if x.shape[1] > 50 and len(rows) > 50 else x


def check_labels(dataset: Dataset) -> Iterator[Finding]:
    """Labels that a linear model and ten neighbors contradict, neither having seen them [1].

    [1] Northcutt, Jiang, Chuang: Confident Learning, JAIR 2021; cleanlab's implementation
    """
    if dataset.y is None or len(dataset.classes) < 2:
        return
    rows = labeled_sample(dataset)
    y = np.asarray(dataset.y)[rows]
    counts = np.bincount(y, minlength=len(dataset.classes))
    enough = counts[y] >= 5
    rows, y = rows[enough], y[enough]
    names = np.unique(y)
    if len(rows) < 50 or len(names) < 2 or len(names) > 100:
        return
    from cleanlab.filter import find_label_issues
    from scipy.sparse import issparse
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.neighbors import KNeighborsClassifier

    codes = np.searchsorted(names, y)
    try:
        x = features(dataset, rows)
    except ValueError:  # only stop words, or nothing but blanks
        return
    model = LogisticRegression(max_iter=200)
    chances = cross_val_predict(model, x, codes, cv=5, method="predict_proba")
    accuracy = float((chances.argmax(axis=1) == codes).mean())
    floor = float(np.bincount(codes).max() / len(codes))
    if accuracy < floor + 0.3 * (1 - floor):
        return  # a model that hardly beats the largest class cannot doubt a label
    order = find_label_issues(
        codes,
        chances,
        return_indices_ranked_by="self_confidence",
        n_jobs=1,
        filter_by="both",
    )
    # A linear model alone doubts what it merely cannot fit: on MNIST 157 labels of 5,000, with the
    # neighbors' word 32. Of 40 planted errors the two together name 28.
    near = KNeighborsClassifier(10, metric="cosine" if issparse(x) else "minkowski")
    around = cross_val_predict(near, x, codes, cv=5, method="predict_proba")
    agreed = (around.argmax(axis=1) == chances.argmax(axis=1)) & (around[np.arange(len(codes)), codes] <= 0.1)
    order = order[agreed[order]]
    if not len(order):
        return
    suspects = rows[order]
    said = [
        tr("row {rows}: labeled {classes}, looks like {classes_2}").format(
            rows=rows[i], classes=dataset.classes[y[i]], classes_2=dataset.classes[names[chances[i].argmax()]]
        )
        for i in order[:SHOWN]
    ]
    sampled = (
        ""
        if len(rows) == int((np.asarray(dataset.y) >= 0).sum())
        else tr(" among {count:,} looked at").format(count=len(rows))
    )
    yield Finding(
        "label-errors",
        "note",
        tr("{count} may be wrong{sampled}").format(count=counted(len(order), "label"), sampled=sampled),
        tr(
            "A linear model that had not seen them (accuracy {accuracy}) predicts another class with "
            "confidence, and so do their ten nearest neighbors. Check them before you trust or change them."
        ).format(accuracy=percent(accuracy)),
        len(order),
        some(suspects),
        said,
    )
