"""What distinguishes a selection from the rest: classes, numbers and words, ranked by effect size.

Numbers and categories by one measure, so that they can be ranked together: the probability-like effect |2 ·
AUC − 1| of a number (0 none, 1 tells both apart), |p − q| of a share. Words by log-odds with a Dirichlet
prior, as z-scores [1].
[1] Monroe, Colaresi, Quinn: Fightin' words, Political Analysis 2008
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from selfsup_core.evaluate.clusters import WORD
from selfsup_core.translation import tr
from selfsup_core.wording import brief, percent

LEAST_Z = 1.96
PRIOR = 500.0  # total pseudo-count of the prior, at most a tenth of the real word count


@dataclass(frozen=True)
class Difference:
    """what: name of the label, number or word. effect: 0 to 1. text: both sides in words."""

    what: str
    effect: float
    inside: float
    outside: float
    text: str


def auc(inside: np.ndarray, outside: np.ndarray) -> float:
    """P(a > b) + P(a = b) / 2 for a from inside, b from outside."""
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([inside, outside]))
    n, m = len(inside), len(outside)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def of_number(what: str, values: np.ndarray, chosen: np.ndarray) -> Difference | None:
    """values: (N,) with NaN where unknown, chosen: (N,) mask."""
    inside, outside = values[chosen], values[~chosen]
    inside, outside = inside[np.isfinite(inside)], outside[np.isfinite(outside)]
    if not len(inside) or not len(outside):
        return None
    score = 2 * auc(inside, outside) - 1
    a, b = float(np.median(inside)), float(np.median(outside))
    word = "higher" if score > 0 else "lower"
    return Difference(what, abs(score), a, b, f"{word}: {brief(a)}, rest {brief(b)}")


def of_category(what: str, codes: np.ndarray, names: list[str], chosen: np.ndarray) -> list[Difference]:
    """codes: (N,) numbers of names, -1 unknown; one difference for each name."""
    known = codes >= 0
    inside, outside = codes[chosen & known], codes[~chosen & known]
    if not len(inside) or not len(outside):
        return []
    p, q = (np.bincount(c, minlength=len(names)) / len(c) for c in (inside, outside))
    return [
        Difference(
            f"{what}: {names[i]}",
            float(abs(p[i] - q[i])),
            float(p[i]),
            float(q[i]),
            f"{percent(p[i])}, rest {percent(q[i])}",
        )
        for i in np.flatnonzero((p > 0) | (q > 0))
    ]


def of_words(texts: list[str], chosen: np.ndarray, most: int = 12) -> list[Difference]:
    """Words of the selection by their z-score, but no English function words; each counts once a text."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    inside: Counter[str] = Counter()
    outside: Counter[str] = Counter()
    for text, is_in in zip(texts, chosen, strict=True):
        words = set(WORD.findall(text.lower())) - ENGLISH_STOP_WORDS
        (inside if is_in else outside).update(words)
    total = inside + outside
    size, rest, all_ = sum(inside.values()), sum(outside.values()), sum(total.values())
    if not size or not rest:
        return []
    found, imagined = [], min(PRIOR, all_ / 10)
    for word, count in total.items():
        prior = imagined * count / all_
        a, b = inside[word] + prior, outside[word] + prior
        odds = np.log(a / (size + imagined - a)) - np.log(b / (rest + imagined - b))
        z = float(odds / np.sqrt(1 / a + 1 / b))
        if z >= LEAST_Z:
            found.append((z, word))
    n_in, n_out = int(chosen.sum()), int((~chosen).sum())
    best = sorted(found, key=lambda pair: (-pair[0], pair[1]))[:most]
    return [
        Difference(
            word,
            min(1.0, abs(inside[word] / n_in - outside[word] / n_out)),
            inside[word] / n_in,
            outside[word] / n_out,
            tr("in {inside} of the texts, rest {outside} (z {z:.1f})").format(
                inside=percent(inside[word] / n_in), outside=percent(outside[word] / n_out), z=z
            ),
        )
        for z, word in best
    ]


def rank(found: list[Difference | None], most: int = 8, least: float = 0.1) -> list[Difference]:
    """The largest effects first, small ones left out."""
    return sorted(
        (d for d in found if d is not None and d.effect >= least), key=lambda d: (-d.effect, d.what)
    )[:most]


def typical_and_odd(x: np.ndarray, chosen: np.ndarray, most: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of the selection (rows of x (N, D)) nearest to its mean, and farthest from it."""
    rows = np.flatnonzero(chosen)
    away = np.linalg.norm(x[rows] - x[rows].mean(axis=0), axis=1)
    order = np.argsort(away, kind="stable")
    return rows[order[:most]], rows[order[::-1][: min(most, max(0, len(rows) - most))]]
