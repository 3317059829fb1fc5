"""The maps: whether samples of one class, or tokens of one kind, lie together in the code.

A map shows two directions of a code that may have many, so what is said is measured in the code itself.
"""

from __future__ import annotations

import numpy as np

from selfsup_core.evaluate.words.panels.seen import Seen, error_of_share, known
from selfsup_core.wording import percent

NEAR = 0.02  # below this difference of accuracies none is called better, as in the verdict
OVER_CHANCE = 0.05  # above the share of the most frequent class
POINT = 1e-6  # deviation of the map, beside the size of its numbers
LITTLE = 0.5  # of the variance: a map that shows less hides most of the code
MOST_TOKENS = 1500
TRUSTED = 0.05  # between mean confidence and accuracy
LEAST_POINTS = 15
UNSURE = 0.5
UNSURE = 0.5


def say_map(seen: Seen) -> str:
    """Of an autoencoder: neighbors' accuracy in the code beside that in the raw input."""
    if _is_point(seen):
        return "All samples have nearly the same code, so the map is a single point."
    knn, raw = known(seen.row.get("knn_accuracy")), known(seen.baseline.get("raw_knn_accuracy"))
    if knn is None:
        return _say_shown(seen)
    return _say_neighbors(seen, 5, knn, [(raw, seen.raw)])


def say_views_map(seen: Seen) -> str:
    """Of learning from views: the same, beside the untrained network too."""
    if _is_point(seen):
        return "All samples have nearly the same code, so the map is a single point."
    knn = known(seen.row.get("knn_accuracy"))
    if knn is None:
        return _say_shown(seen)
    names = (("raw_knn_accuracy", seen.raw), ("untrained_knn_accuracy", "the untrained network"))
    beside = [(known(seen.baseline.get(key)), name) for key, name in names]
    return _say_neighbors(seen, 20, knn, beside)


def _say_neighbors(seen: Seen, count: int, knn: float, beside: list[tuple[float | None, str]]) -> str:
    labels = seen.static.get("labels")
    there = labels[labels >= 0] if labels is not None else np.zeros(0, int)
    said = f"{count} nearest neighbors {percent(knn)}"
    if len(there) and knn <= np.bincount(there).max() / len(there) + OVER_CHANCE:
        return f"The code does not separate classes yet: {said}, about as much as guessing."
    best = max(((value, name) for value, name in beside if value is not None), default=None)
    if best is None:
        return f"Accuracy in the code: {said}."
    value, name = best
    how = (
        "better than"
        if knn > value + NEAR
        else "about as well as"
        if knn >= value - NEAR
        else "less well than"
    )
    return f"The code separates classes {how} {name}: {said}, there {percent(value)}."


def _is_point(seen: Seen) -> bool:
    points = seen.arrays.get("map")
    if points is None or len(points) < 2 or not np.isfinite(points).all():
        return False
    return bool(points.std(axis=0).max() <= POINT * max(1.0, float(np.abs(points).max())))


def _say_shown(seen: Seen) -> str:
    """How much of the code's variance the map shows, where no classes are known."""
    share = known(seen.words.get("map_explained"))
    if share is None:
        return ""
    if share < LITTLE:
        return f"The map shows {percent(share)} of the code's variance: what looks close may be far apart."
    return f"The map shows {percent(share)} of the code's variance, most of what there is."


def say_token_map(seen: Seen) -> str:
    """Of a language model: whether the nearest token, by cosine, is mostly of the same kind."""
    kinds, vectors = seen.static.get("labels"), seen.arrays.get("latents")
    if kinds is None or vectors is None or len(kinds) != len(vectors):
        return ""
    there = np.isfinite(vectors).all(axis=1) & (kinds >= 0)
    kinds, x = kinds[there][:MOST_TOKENS], vectors[there][:MOST_TOKENS].astype(np.float32)
    if len(x) < LEAST_POINTS or len(np.unique(kinds)) < 2:
        return ""
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    cosines = x @ x.T
    np.fill_diagonal(cosines, -np.inf)
    same = float((kinds[cosines.argmax(axis=1)] == kinds).mean())
    shares = np.bincount(kinds) / len(kinds)
    chance = float(np.square(shares).sum())
    # Four standard errors: nearest neighbors depend on each other, and untrained tokens reached three.
    if same <= chance + 2 * error_of_share(chance, len(kinds)):
        return (
            f"No order by kind yet: the nearest token is of the same kind for {percent(same)}, as by chance."
        )
    said = f"for {percent(same)}, by chance for {percent(chance)}"
    return f"Tokens gather by kind: the nearest one is of the same kind {said}."


def say_score_map(seen: Seen) -> str:
    """Of a classifier: how sure it is of the validation points, beside how many are right."""
    names = ("labels", "splits")
    labels, splits = (seen.static.get(name) for name in names)
    predicted, sure = seen.arrays.get("predicted"), seen.arrays.get("confidence")
    if labels is None or splits is None or predicted is None or sure is None:
        return ""
    used = (splits > 0) & (labels >= 0) & (predicted >= 0) & np.isfinite(sure)
    if int(used.sum()) < LEAST_POINTS:
        return ""
    right, mean = float((labels == predicted)[used].mean()), float(sure[used].mean())
    if seen.epoch == 0:
        unsure = f"Before training, the network is not sure of anything: mean confidence {percent(mean)}."
        return unsure if mean < UNSURE else ""
    said = f"mean confidence {percent(mean)}, and {percent(right)} of the validation points are right"
    margin = max(TRUSTED, error_of_share(right, int(used.sum())))
    if mean > right + margin:
        return f"Surer than it should be: {said}."
    if mean < right - margin:
        return f"Less sure than it could be: {said}."
    return f"About as sure as it should be: {said}."


def say_pseudo_map(seen: Seen) -> str:
    """Of a run with pseudo-labels: how far they reach. True classes have no part in it."""
    labeled, pseudo, splits = seen.static.get("labeled"), seen.arrays.get("pseudo"), seen.static.get("splits")
    if labeled is None or pseudo is None or splits is None:
        return ""
    given = int((labeled > 0).sum())
    pool = (labeled == 0) & (splits == 0)
    if not pool.any():
        return ""
    share = float((pseudo[pool] >= 0).mean())
    if share == 0:
        return f"The {given:,} large points have given labels; no other point has a pseudo-label yet."
    said = f"{given:,} points have given labels (the large ones)"
    return f"{said}; of the others, {percent(share)} have a pseudo-label."
