"""The panels of learning from views: pairs, similarity, spectrum and sphere."""

from __future__ import annotations

import math

import numpy as np

from selfsup_core.evaluate.words.panels.seen import Seen, known
from selfsup_core.translation import tr

APART, CLOSE = 0.5, 0.05  # between the cosines of views of one sample and of different ones
BY_CLASS = 0.1  # by which samples of one class are more alike than those of different ones
CLIFF = 10.0  # times the next singular value
DEEP = 0.05  # of the largest value: what lies below a cliff must hardly count
LATE = 0.75  # of the directions: what falls behind is the end of the spectrum, and no cliff
FEW = 0.25  # of the directions
CROWDED, LOPSIDED = 0.9, 0.5  # length of the mean of points of length 1
THIN = 0.2  # of the share that each direction has on an even sphere


def say_pairs(seen: Seen) -> str:
    """How much more alike two views of one sample are than views of different samples."""
    cosines = _cosines(seen)
    if cosines is None:
        return ""
    own, others = float(np.diag(cosines).mean()), _mean_of_others(cosines)
    beside = tr("views of one sample have cosine {own:.2f}, of different ones {others:.2f}").format(
        own=own, others=others
    )
    if own - others < CLOSE:
        return tr("Nothing is told apart: {beside}.").format(beside=beside)
    if own - others < APART:
        return tr("Samples begin to be told apart: {beside}.").format(beside=beside)
    return tr("Samples are told apart: {beside}.").format(beside=beside)


def say_similarity(seen: Seen) -> str:
    """For how many samples the most similar second view is their own, and whether classes show."""
    cosines = _cosines(seen)
    if cosines is None:
        return ""
    size = len(cosines)
    # Ties, as in a complete collapse, find nobody.
    others = cosines.copy()
    np.fill_diagonal(others, -np.inf)
    found = int((np.diag(cosines) > others.max(axis=1)).sum())
    said = tr("For {found} of {size} samples their own second view is the most similar").format(
        found=found, size=size
    )
    labels = seen.static.get("tile_labels")
    if labels is None or len(labels) != size:
        return f"{said}."
    pairs = ~np.eye(size, dtype=bool) & (labels[:, None] >= 0) & (labels[None] >= 0)
    same = pairs & (labels[:, None] == labels[None])
    different = pairs & ~same
    if not same.any() or not different.any():
        return f"{said}."
    within, across = float(cosines[same].mean()), float(cosines[different].mean())
    if within < across + BY_CLASS:
        return f"{said}."
    return tr("{said}; cosines within a class: {within:.2f}, else {across:.2f}.").format(
        said=said, within=within, across=across
    )


def _cosines(seen: Seen) -> np.ndarray | None:
    """(T, T) of at least two samples, or None."""
    found = seen.arrays.get("similarity")
    if found is None or found.ndim != 2 or found.shape[0] != found.shape[1] or len(found) < 2:
        return None
    cosines = found.astype(np.float64)
    return cosines if np.isfinite(cosines).all() else None


def _mean_of_others(cosines: np.ndarray) -> float:
    size = len(cosines)
    return float((cosines.sum() - np.trace(cosines)) / (size * (size - 1)))


def say_spectrum(seen: Seen) -> str:
    """In how many directions the embeddings differ, and whether there is a cliff."""
    found = seen.arrays.get("embedding_spectrum")
    if found is None or len(found) < 2 or not np.isfinite(found).all() or found[0] <= 0:
        return ""
    values, size = found.astype(np.float64), len(found)
    if seen.has_sign("complete-collapse"):
        return tr("All embeddings are nearly one point; the spectrum shows what little is left between them.")
    rank = effective_rank(values)
    below = np.maximum(values[1:], 1e-12)
    steps = np.where(below < DEEP * values[0], values[:-1] / below, 0.0)[: max(1, int(LATE * size))]
    at = int(steps.argmax()) + 1
    if steps[at - 1] >= CLIFF:
        return tr(
            "A cliff after {at} of {size} values: in the other directions embeddings hardly differ."
        ).format(at=at, size=size)
    if rank < FEW * size:
        return tr("No cliff, but few directions count: about {rank:.0f} of {size} (effective rank).").format(
            rank=rank, size=size
        )
    return tr(
        "No cliff: embeddings differ in about {rank:.0f} of {size} directions (effective rank)."
    ).format(rank=rank, size=size)


def effective_rank(values: np.ndarray) -> float:
    """(D,) singular values → exp of the entropy of their shares, as `collapse.entropy_rank`."""
    p = values / values.sum() + 1e-7
    return math.exp(-float((p * np.log(p)).sum()))


def say_sphere(seen: Seen) -> str:
    """Whether the points are spread over the circle or sphere, and how close two views lie."""
    points = seen.arrays.get("sphere")
    if points is None or points.ndim != 2 or len(points) < 10 or not np.isfinite(points).all():
        return ""
    x = points.astype(np.float64)
    length, shape = float(np.linalg.norm(x.mean(axis=0))), "circle" if x.shape[1] == 2 else "sphere"
    if length > CROWDED:
        return tr("All points crowd at one place: every sample gets nearly the same embedding.")
    close = known(seen.row.get("alignment"))
    lines = (
        ""
        if close is None
        else tr(" Two views lie {sqrt:.2f} apart (of 2).").format(sqrt=math.sqrt(max(0.0, close)))
    )
    if length > LOPSIDED:
        return tr("Points keep to one side of the {shape}.{lines}").format(shape=shape, lines=lines)
    least = float(np.linalg.eigvalsh(x.T @ x / len(x))[0])
    if least < THIN / x.shape[1]:
        return tr("Points lie at two ends or on a line, not all around the {shape}.{lines}").format(
            shape=shape, lines=lines
        )
    return tr("Points lie all around the {shape}.{lines}").format(shape=shape, lines=lines)
