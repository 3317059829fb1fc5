"""The maps: whether samples of one class, or tokens of one kind, lie together in the code.

A map shows two directions of a code that may have many, so what is said is measured in the code itself.
"""

from __future__ import annotations

import numpy as np

from selfsup_core.evaluate.words.panels.seen import Seen, error_of_share, known
from selfsup_core.translation import tr
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
        return tr("All samples have nearly the same code, so the map is a single point.")
    knn, raw = known(seen.row.get("knn_accuracy")), known(seen.baseline.get("raw_knn_accuracy"))
    if knn is None:
        return _say_shown(seen)
    return _say_neighbors(seen, 5, knn, [(raw, seen.raw)])


def say_views_map(seen: Seen) -> str:
    """Of learning from views: the same, beside the untrained network too."""
    if _is_point(seen):
        return tr("All samples have nearly the same code, so the map is a single point.")
    knn = known(seen.row.get("knn_accuracy"))
    if knn is None:
        return _say_shown(seen)
    names = (("raw_knn_accuracy", seen.raw), ("untrained_knn_accuracy", tr("the untrained network")))
    beside = [(known(seen.baseline.get(key)), name) for key, name in names]
    return _say_neighbors(seen, 20, knn, beside)


def _say_neighbors(seen: Seen, count: int, knn: float, beside: list[tuple[float | None, str]]) -> str:
    labels = seen.static.get("labels")
    there = labels[labels >= 0] if labels is not None else np.zeros(0, int)
    said = tr("{count} nearest neighbors {knn}").format(count=count, knn=percent(knn))
    if len(there) and knn <= np.bincount(there).max() / len(there) + OVER_CHANCE:
        return tr("The code does not separate classes yet: {said}, about as much as guessing.").format(
            said=said
        )
    best = max(((value, name) for value, name in beside if value is not None), default=None)
    if best is None:
        return tr("Accuracy in the code: {said}.").format(said=said)
    value, name = best
    how = (
        tr("better than")
        if knn > value + NEAR
        else tr("about as well as")
        if knn >= value - NEAR
        else tr("less well than")
    )
    return tr("The code separates classes {how} {name}: {said}, there {value}.").format(
        how=how, name=name, said=said, value=percent(value)
    )


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
        return tr("The map shows {share} of the code's variance: what looks close may be far apart.").format(
            share=percent(share)
        )
    return tr("The map shows {share} of the code's variance, most of what there is.").format(
        share=percent(share)
    )


def say_token_map(seen: Seen) -> str:
    """Of a language model: whether the nearest token, by cosine, is mostly of the same kind."""
    if (found := _same_kind(seen)) is None:
        return ""
    same, chance, is_order = found
    if not is_order:
        return tr(
            "No order by kind yet: the nearest token is of the same kind for {same}, as by chance."
        ).format(same=percent(same))
    said = tr("for {same}, by chance for {chance}").format(same=percent(same), chance=percent(chance))
    return tr("Tokens gather by kind: the nearest one is of the same kind {said}.").format(said=said)


def say_sentence_map(seen: Seen) -> str:
    """Of a translator: the same of sentences."""
    if (found := _same_kind(seen)) is None:
        return ""
    same, chance, is_order = found
    said = tr("for {same}, by chance for {chance}").format(same=percent(same), chance=percent(chance))
    if not is_order:
        return tr("No order by kind yet: the nearest sentence is of the same kind {said}.").format(said=said)
    return tr("Sentences gather by kind: the nearest one is of the same kind {said}.").format(said=said)


def _same_kind(seen: Seen) -> tuple[float, float, bool] | None:
    """(share of points whose nearest one, by cosine, is of the same kind, the same by chance, whether it is
    more); None where there are no kinds.
    """
    kinds, vectors = seen.static.get("labels"), seen.arrays.get("latents")
    if kinds is None or vectors is None or len(kinds) != len(vectors):
        return None
    there = np.isfinite(vectors).all(axis=1) & (kinds >= 0)
    kinds, x = kinds[there][:MOST_TOKENS], vectors[there][:MOST_TOKENS].astype(np.float32)
    if len(x) < LEAST_POINTS or len(np.unique(kinds)) < 2:
        return None
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    cosines = x @ x.T
    np.fill_diagonal(cosines, -np.inf)
    same = float((kinds[cosines.argmax(axis=1)] == kinds).mean())
    shares = np.bincount(kinds) / len(kinds)
    chance = float(np.square(shares).sum())
    # Four standard errors: nearest neighbors depend on each other, and untrained tokens reached three.
    return same, chance, same > chance + 2 * error_of_share(chance, len(kinds))


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
        unsure = tr("Before training, the network is not sure of anything: mean confidence {mean}.").format(
            mean=percent(mean)
        )
        return unsure if mean < UNSURE else ""
    said = tr("mean confidence {mean}, and {right} of the validation points are right").format(
        mean=percent(mean), right=percent(right)
    )
    margin = max(TRUSTED, error_of_share(right, int(used.sum())))
    if mean > right + margin:
        return tr("Surer than it should be: {said}.").format(said=said)
    if mean < right - margin:
        return tr("Less sure than it could be: {said}.").format(said=said)
    return tr("About as sure as it should be: {said}.").format(said=said)


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
        return tr(
            "The {given:,} large points have given labels; no other point has a pseudo-label yet."
        ).format(given=given)
    said = tr("{given:,} points have given labels (the large ones)").format(given=given)
    return tr("{said}; of the others, {share} have a pseudo-label.").format(said=said, share=percent(share))
