"""Copies: rows that are the same, or nearly so, get one group number, so that no split parts them.

Images and sounds are near copies when a 64-bit difference hash [1] differs in at most 3 bits and the pixels by less
than 2 % on average; texts when they differ only in case, spaces and punctuation.

[1] Krawetz, Kind of like that, 2013 (dHash)
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, pairwise

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.texts import Texts
from selfsup_core.files import sha256

NEAR_BITS, NEAR_DIFFERENCE = 3, 0.02
# A bucket of this many look-alikes is compared in order only, so that work stays linear.
BUCKET = 60
PLAIN = re.compile(r"[\W_]+")


def find_groups(dataset: Dataset) -> np.ndarray | None:
    """(N,) group of each row, numbered by its first member; None when no two rows belong together."""
    exact = exact_groups(dataset)
    groups = join_near(dataset, exact)
    return None if len(np.unique(groups)) == len(groups) else groups


def exact_groups(dataset: Dataset) -> np.ndarray:
    """(N,) the first row with the same content."""
    first: dict[str, int] = {}
    keys = (
        (text for text in dataset.x)
        if isinstance(dataset.x, Texts)
        else (sha256(np.ascontiguousarray(row).data) for row in dataset.x)
    )
    return np.array([first.setdefault(key, row) for row, key in enumerate(keys)], dtype=np.int64)


def join_near(dataset: Dataset, exact: np.ndarray) -> np.ndarray:
    """Exact groups joined where their first rows are near copies."""
    leaders = np.unique(exact)
    parent = {int(row): int(row) for row in leaders}

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for a, b in near_pairs(dataset, leaders):
        a, b = sorted((root(a), root(b)))
        parent[b] = a
    return np.array([root(int(row)) for row in exact], dtype=np.int64)


def near_pairs(dataset: Dataset, rows: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs of rows that are near copies. Tables have none: near is a matter of each column's scale."""
    if isinstance(dataset.x, Texts):
        seen: dict[str, int] = {}
        for row in rows.tolist():
            text = dataset.x[row]
            key = PLAIN.sub(" ", text).strip().casefold()
            if key and key in seen:
                yield seen[key], row
            elif key:
                seen[key] = row
        return
    if dataset.kind not in ("image", "sound"):
        return
    hashes = np.array([difference_hash(dataset.x[row]) for row in rows.tolist()], dtype=np.uint64)
    # Two hashes that differ in at most three bits agree in one of four quarters.
    tried = set()
    for quarter in range(4):
        buckets = defaultdict(list)
        for place, part in enumerate(((hashes >> np.uint64(16 * quarter)) & np.uint64(0xFFFF)).tolist()):
            buckets[part].append(place)
        for places in buckets.values():
            pairs = combinations(places, 2) if len(places) <= BUCKET else pairwise(places)
            for a, b in pairs:
                if (int(hashes[a]) ^ int(hashes[b])).bit_count() > NEAR_BITS or (a, b) in tried:
                    continue
                tried.add((a, b))
                x, y = (np.asarray(dataset.x[rows[i]], np.float32) * dataset.scale for i in (a, b))
                if np.abs(x - y).mean() < NEAR_DIFFERENCE and contrast(x) > 0.02:
                    yield int(rows[a]), int(rows[b])


def contrast(x: np.ndarray) -> float:
    """Spread of the values: blank images all look alike and say nothing."""
    return float(x.std())


def difference_hash(image: np.ndarray) -> int:
    """64 bits: whether each of 8 × 8 places is brighter than its right neighbor, on a 8 × 9 shrunk image."""
    gray = image.astype(np.float32)
    gray = gray.mean(axis=2) if gray.ndim == 3 else gray
    rows = np.linspace(0, gray.shape[0] - 1, 8).round().astype(int)
    columns = np.linspace(0, gray.shape[1] - 1, 9).round().astype(int)
    small = gray[np.ix_(rows, columns)]
    # A margin, so that noise in even areas does not decide.
    bits = (small[:, :-1] > small[:, 1:] + 0.05 * np.ptp(small)).reshape(-1)
    return int(np.packbits(bits).view(">u8")[0])
