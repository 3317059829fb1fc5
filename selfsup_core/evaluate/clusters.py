"""Clusters by HDBSCAN or k-means, named by what is typical of each, and their agreement with known labels.

[1] Campello, Moulavi, Sander: Density-based clustering based on hierarchical density estimates, 2013
[2] Hubert, Arabie: Comparing partitions, 1985 (adjusted Rand index)
[3] Grootendorst: BERTopic, 2022 (class-based TF-IDF: t · log(1 + A / f))
"""

from __future__ import annotations

import re
from typing import Literal

import numpy as np

from selfsup_core.errors import SettingError
from selfsup_core.settings import Config, setting
from selfsup_core.translation import tr
from selfsup_core.wording import percent

MOST_FIT = 20_000  # points that HDBSCAN looks at; the others go to the group of their nearest one
WORD = re.compile(r"[^\W\d_]{3,}")


class ClusterConfig(Config):
    """How groups are found."""

    method: Literal["hdbscan", "kmeans"] = setting(
        "hdbscan",
        "HDBSCAN finds dense groups and leaves outliers out; k-means divides all points into a given number "
        "of groups.",
        title="Method",
        titles={"hdbscan": "HDBSCAN", "kmeans": "k-means"},
    )
    where: Literal["map", "space"] = setting(
        "map",
        "Whether to look for groups on the map or in the space itself.",
        title="Where",
        titles={"map": "On the map", "space": "In the space itself"},
        why="In many dimensions hardly any region is dense; UMAP brings near points together into dense "
        "groups.",
    )
    least: int = setting(
        0,
        "Fewest points of a group (HDBSCAN); 0 uses a hundredth of all points.",
        title="Smallest group",
        zero="automatic",
        ge=0,
        le=100_000,
    )
    count: int = setting(
        0,
        "Number of groups (k-means); 0 uses the number of classes, or 10.",
        title="Groups",
        zero="automatic",
        ge=0,
        le=200,
    )
    seed: int = setting(0, "Seed of k-means.", title="Seed", ge=0, le=2**31 - 1)


def find_clusters(x: np.ndarray, config: ClusterConfig, *, classes: int = 0) -> np.ndarray:
    """x: (N, D) → (N,) group numbers by falling size, -1 for loners.

    Raises:
        SettingError: more groups than points.
    """
    if config.method == "kmeans":
        found = kmeans(x, config.count or classes or 10, config.seed)
    else:
        found = hdbscan(x, config.least or max(5, len(x) // 100))
    sizes = np.bincount(found[found >= 0]) if (found >= 0).any() else np.zeros(0, int)
    place = np.empty(len(sizes) + 1, np.int64)
    place[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    place[-1] = -1
    made: np.ndarray = place[found].astype(np.int32)
    return made


def kmeans(x: np.ndarray, count: int, seed: int) -> np.ndarray:
    from sklearn.cluster import KMeans, MiniBatchKMeans

    if count > len(x):
        raise SettingError(
            tr("{count} points cannot form {count_2} groups.").format(count=len(x), count_2=count),
            remedy=tr("Choose fewer groups."),
        )
    kind = MiniBatchKMeans if len(x) > MOST_FIT else KMeans
    found: np.ndarray = kind(count, n_init=3, random_state=seed).fit_predict(np.asarray(x, np.float32))
    return found


def hdbscan(x: np.ndarray, least: int) -> np.ndarray:
    from sklearn.cluster import HDBSCAN

    least = max(2, min(least, len(x)))
    if len(x) < 2 * least:
        return np.full(len(x), -1)
    chosen = np.arange(len(x))
    if len(x) > MOST_FIT:
        chosen = np.sort(np.random.default_rng(0).choice(len(x), MOST_FIT, replace=False))
    size = max(2, round(least * len(chosen) / len(x)))
    found = np.full(len(x), -1)
    found[chosen] = HDBSCAN(min_cluster_size=size, min_samples=min(size, 15), copy=True).fit_predict(
        x[chosen]
    )
    if len(chosen) < len(x):
        from selfsup_core.evaluate.nearest import exact

        rest = np.setdiff1d(np.arange(len(x)), chosen)
        found[rest] = found[chosen[exact(x[rest], x[chosen], 1)[0][:, 0]]]
    return found


def agreement(found: np.ndarray, labels: np.ndarray) -> dict[str, float] | None:
    """{"ari", "nmi", "rows"} over the rows with both a group and a label; None where these have fewer than
    two classes.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    both = (found >= 0) & (labels >= 0)
    if len(np.unique(labels[both])) < 2:
        return None
    a, b = labels[both], found[both]
    return {
        "ari": float(adjusted_rand_score(a, b)),
        "nmi": float(normalized_mutual_info_score(a, b)),
        "rows": int(both.sum()),
    }


def typical_words(texts: list[str], groups: np.ndarray, most: int = 3) -> list[list[str]]:
    """Words that stand out in each group: share of the group's words · log(1 + mean words a group / count of
    the word) [3].

    A word counts once a text.
    """
    from collections import Counter

    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    count = int(groups.max(initial=-1)) + 1
    each: list[Counter[str]] = [Counter() for _ in range(count)]
    for text, group in zip(texts, groups, strict=True):
        if group >= 0:
            each[group].update(set(WORD.findall(text.lower())) - ENGLISH_STOP_WORDS)
    total = sum(each, Counter())
    mean = sum(total.values()) / max(1, count)
    named = []
    for words in each:
        size = max(1, sum(words.values()))
        score = {w: n / size * np.log(1 + mean / total[w]) for w, n in words.items() if n > 1}
        named.append(sorted(score, key=lambda w: (-score[w], w))[:most])
    return named


def typical_labels(labels: np.ndarray, groups: np.ndarray, classes: tuple[str, ...]) -> list[str]:
    """ "seven (92%)" for each group: its most frequent label and share; "" where no label is known."""
    found = []
    for group in range(int(groups.max(initial=-1)) + 1):
        own = labels[(groups == group) & (labels >= 0)]
        if not len(own):
            found.append("")
            continue
        counts = np.bincount(own, minlength=len(classes))
        found.append(f"{classes[int(counts.argmax())]} ({percent(counts.max() / len(own))})")
    return found
