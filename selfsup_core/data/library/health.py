"""Health of a data set before training: what is odd, why it matters and which safe mend there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.groups import exact_groups
from selfsup_core.data.texts import Texts

SHOWN = 12
# Out-of-fold predictions are made on at most this many rows.
LABEL_ROWS = 4000
SHORT_TEXT, LONG_TEXT = 3, 5000
IMBALANCE = 10


@dataclass(frozen=True)
class Finding:
    """One thing found.

    Attributes:
        level: "warning" (will hurt) or "note" (good to know).
        rows: some of the rows concerned, at most a dozen.
        mend: name of a mend in `mends.py` that is safe here, or "".
    """

    code: str
    level: str
    title: str
    why: str
    count: int
    rows: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    mend: str = ""


class FindingAbout(TypedDict):
    """A `Finding` in plain values, as it is kept beside the arrays."""

    code: str
    level: str
    title: str
    why: str
    count: int
    rows: list[int]
    names: list[str]
    mend: str


def check_dataset(dataset: Dataset) -> list[FindingAbout]:
    """All findings as plain values, warnings first."""
    found = [f for check in CHECKS for f in check(dataset)]
    return [cast("FindingAbout", asdict(f)) for f in sorted(found, key=lambda f: f.level != "warning")]


def count(number: int, what: str) -> str:
    """ "1 row", "2,000 rows" """
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def some(rows: np.ndarray) -> list[int]:
    return [int(row) for row in rows[:SHOWN]]


def check_aside(dataset: Dataset) -> Iterator[Finding]:
    aside = dataset.details.get("aside", {})
    if aside:
        yield Finding(
            "set-aside",
            "warning",
            f"Set aside, since unreadable: {count(len(aside), 'file')}",
            "They are in no split. If many of one class are gone, the rest may mislead.",
            len(aside),
            names=[f"{name}: {reason}" for name, reason in list(aside.items())[:SHOWN]],
        )


def check_copies(dataset: Dataset) -> Iterator[Finding]:
    exact = exact_groups(dataset)
    copies = np.flatnonzero(exact != np.arange(len(exact)))
    if len(copies):
        yield Finding(
            "exact-duplicates",
            "warning",
            f"Exact copies: {count(len(copies), 'row')}",
            "A copy in the test split makes a model look better than it is. Copies stay on one side of "
            "the split here, but they still weigh double in training.",
            len(copies),
            some(copies),
            mend="drop-duplicates",
        )
    if dataset.groups is not None:
        groups = np.asarray(dataset.groups)
        near = np.flatnonzero((groups != np.arange(len(groups))) & (exact == np.arange(len(exact))))
        if len(near):
            yield Finding(
                "near-duplicates",
                "note",
                f"Near copies: {count(len(near), 'row')}",
                "They are kept on one side of the split, so that they cannot leak into the test rows.",
                len(near),
                some(near),
            )
    if dataset.y is not None and len(copies):
        y = np.asarray(dataset.y)
        clash = copies[(y[copies] != y[exact[copies]]) & (y[copies] >= 0) & (y[exact[copies]] >= 0)]
        if len(clash):
            yield Finding(
                "conflicting-labels",
                "warning",
                f"Copies with another label than their twin: {len(clash):,}",
                "At least one of the two labels is wrong, and no model can learn both.",
                len(clash),
                some(clash),
            )


def check_classes(dataset: Dataset) -> Iterator[Finding]:
    if dataset.y is None:
        yield Finding(
            "no-labels",
            "note",
            "No labels",
            "Enough for an autoencoder. Accuracy on the code cannot be told without some.",
            0,
        )
        return
    y = np.asarray(dataset.y)
    counts = np.bincount(y[y >= 0], minlength=len(dataset.classes))
    unlabeled = int((y < 0).sum())
    if unlabeled:
        yield Finding(
            "unlabeled",
            "note",
            f"Without a label: {count(unlabeled, 'row')}",
            "They are the unlabeled pool: learned from, never scored.",
            unlabeled,
            some(np.flatnonzero(y < 0)),
        )
    if len(counts) == 1:
        yield Finding(
            "one-class",
            "warning",
            "There is only one class",
            "Nothing can be told apart. Is it the right label column?",
            len(y),
        )
    elif counts.max() > IMBALANCE * max(1, counts.min()):
        big, small = dataset.classes[int(counts.argmax())], dataset.classes[int(counts.argmin())]
        yield Finding(
            "imbalance",
            "warning",
            f"{big} has {counts.max():,} rows, {small} only {counts.min():,}",
            "A model that always answers the large class looks good. Look at the score of each class.",
            int(counts.min()),
        )
    rare = [name for name, count in zip(dataset.classes, counts, strict=True) if 0 < count < 5]
    if rare:
        yield Finding(
            "rare-classes",
            "warning",
            f"Classes with fewer than five rows: {len(rare)}",
            "They cannot be in all three splits.",
            len(rare),
            names=rare[:SHOWN],
        )
    spelled = Counter(plain_name(name) for name in dataset.classes)
    twins = [name for name in dataset.classes if spelled[plain_name(name)] > 1]
    if twins:
        yield Finding(
            "class-spellings",
            "warning",
            f"Classes that differ only in spelling: {', '.join(twins[:6])}",
            "A model is punished for not telling apart what is the same.",
            len(twins),
            names=twins[:SHOWN],
            mend="merge-spellings",
        )


def plain_name(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def check_table(dataset: Dataset) -> Iterator[Finding]:
    if dataset.kind != "table":
        return
    x = np.asarray(dataset.x)
    empty_rows = np.flatnonzero(np.isnan(x).all(axis=1))
    if len(empty_rows):
        yield Finding(
            "empty-rows",
            "warning",
            f"Empty: {count(len(empty_rows), 'row')}",
            "They say nothing and pull every average.",
            len(empty_rows),
            some(empty_rows),
            mend="drop-empty",
        )
    holes = np.isnan(x)
    if holes.any():
        worst = holes.mean(axis=0)
        names = [f"{dataset.columns[i]}: {worst[i]:.0%}" for i in np.argsort(-worst)[:SHOWN] if worst[i]]
        yield Finding(
            "missing-values",
            "note",
            f"Without a usable number: {count(int(holes.sum()), 'cell')}",
            "They are filled with the median of their column's training rows when a run starts.",
            int(holes.sum()),
            some(np.flatnonzero(holes.any(axis=1))),
            names,
        )
    with np.errstate(invalid="ignore"):
        low = np.nanmin(np.where(holes.all(axis=0), 0.0, x), axis=0)
        high = np.nanmax(np.where(holes.all(axis=0), 0.0, x), axis=0)
    flat = [dataset.columns[i] for i in np.flatnonzero(low == high)]
    if flat:
        yield Finding(
            "constant-columns",
            "note",
            f"One value only: {count(len(flat), 'column')}",
            "Nothing can be learned from them.",
            len(flat),
            names=flat[:SHOWN],
            mend="drop-constant" if len(flat) < x.shape[1] else "",
        )
    yield from check_leaks(dataset, np.where(holes, 0.0, x))


def check_leaks(dataset: Dataset, x: np.ndarray) -> Iterator[Finding]:
    """A column that alone tells the class of nearly every row, or that counts the rows."""
    counting = [
        name
        for i, name in enumerate(dataset.columns)
        if len(x) > 20 and np.ptp(x[:, i]) > 0 and np.allclose(np.diff(x[:, i]), np.diff(x[:, i])[0])
    ]
    if counting:
        yield Finding(
            "id-feature",
            "warning",
            f"{counting[0]} counts the rows",
            "An id says nothing of the next sample. Give it the role id.",
            len(counting),
            names=counting[:SHOWN],
        )
    if dataset.y is None or len(dataset.classes) < 2:
        return
    from sklearn.model_selection import cross_val_score
    from sklearn.tree import DecisionTreeClassifier

    rows = labeled_sample(dataset)
    y = np.asarray(dataset.y)[rows]
    if len(rows) < 30 or np.bincount(y)[np.unique(y)].min() < 3:
        return
    floor = np.bincount(y).max() / len(y)
    tree = DecisionTreeClassifier(max_leaf_nodes=2 * len(dataset.classes), random_state=0)
    leaks = []
    for i in range(min(x.shape[1], 200)):
        score = cross_val_score(tree, x[rows][:, i : i + 1], y, cv=3).mean()
        if score > max(0.995, floor + 0.02):
            leaks.append(f"{dataset.columns[i]}: {score:.1%}")
    if leaks:
        yield Finding(
            "label-leak",
            "warning",
            f"{leaks[0].rsplit(':', 1)[0]} alone gives the class away",
            "If it is only known once the class is known, scores will not hold in practice.",
            len(leaks),
            names=leaks[:SHOWN],
        )


def check_texts(dataset: Dataset) -> Iterator[Finding]:
    if not isinstance(dataset.x, Texts):
        return
    lengths = np.array([len(text.strip()) for text in dataset.x])
    empty = np.flatnonzero(lengths == 0)
    if len(empty):
        yield Finding(
            "empty-rows",
            "warning",
            f"Empty: {count(len(empty), 'text')}",
            "There is nothing to learn from them.",
            len(empty),
            some(empty),
            mend="drop-empty",
        )
    short = np.flatnonzero((lengths > 0) & (lengths < SHORT_TEXT))
    if len(short):
        yield Finding(
            "short-texts",
            "note",
            f"Shorter than {SHORT_TEXT} characters: {count(len(short), 'text')}",
            "Hardly anything can be told from them.",
            len(short),
            some(short),
        )
    long = np.flatnonzero(lengths > LONG_TEXT)
    if len(long):
        yield Finding(
            "long-texts",
            "note",
            f"Longer than {LONG_TEXT:,} characters: {count(len(long), 'text')}",
            "Encoders read only their beginning, mostly the first few hundred words.",
            len(long),
            some(long),
        )


def check_images(dataset: Dataset) -> Iterator[Finding]:
    if dataset.kind not in ("image", "sound"):
        return
    flat = np.asarray(dataset.x).reshape(len(dataset), -1)
    blank = np.flatnonzero(flat.max(axis=1) == flat.min(axis=1))
    if len(blank):
        silent = dataset.kind == "sound"
        what = (
            f"Silent: {count(len(blank), 'sound')}"
            if silent
            else f"One color only: {count(len(blank), 'image')}"
        )
        yield Finding(
            "blank",
            "warning",
            what,
            "They teach the network an average, nothing else.",
            len(blank),
            some(blank),
            mend="drop-empty",
        )
    if "sizes" in dataset.extra:
        tiny = np.flatnonzero(np.asarray(dataset.extra["sizes"]).min(axis=1) <= 1)
        if len(tiny):
            yield Finding(
                "one-pixel",
                "warning",
                f"One pixel wide or high: {count(len(tiny), 'image')}",
                "Often a tracking pixel or a failed download.",
                len(tiny),
                some(tiny),
            )


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
        f"row {rows[i] + 1}: labeled {dataset.classes[y[i]]}, looks like {dataset.classes[names[chances[i].argmax()]]}"
        for i in order[:SHOWN]
    ]
    sampled = (
        "" if len(rows) == int((np.asarray(dataset.y) >= 0).sum()) else f" among {len(rows):,} looked at"
    )
    yield Finding(
        "label-errors",
        "note",
        f"{count(len(order), 'label')} may be wrong{sampled}",
        f"A linear model that had not seen them (accuracy {accuracy:.0%}) is sure of another class, "
        "and so are their ten nearest neighbors. "
        "Look at them before you trust or change them.",
        len(order),
        some(suspects),
        said,
    )


CHECKS = (
    check_aside,
    check_copies,
    check_classes,
    check_table,
    check_texts,
    check_images,
    check_labels,
)
