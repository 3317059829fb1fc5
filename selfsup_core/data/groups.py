"""Copies: rows that are the same, or nearly so, get one group number, so that no split parts them.

Images and sounds are near copies when a 64-bit difference hash [1] differs in at most 3 bits, and the pixels
by less than 2% on average and by less than a fifth of their spread; texts when they differ only in case,
spaces and punctuation.

Where many images resemble each other, as generated shapes do, a chain of near copies leads from any of them
to any other. A group that grows large is therefore divided: each row joins the first one that it is near.

[1] Krawetz, Kind of like that, 2013 (dHash)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import combinations, pairwise

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.texts import Texts

NEAR_BITS, NEAR_DIFFERENCE, NEAR_SPREAD, LEAST_SPREAD = 3, 0.02, 0.2, 0.02
LONG_CHAIN, LONG_SHARE = 20, 0.05  # rows, and share of the rows, beyond which a group is divided
# A bucket of this many look-alikes is compared in order only, so that work stays linear.
BUCKET = 60
DIGEST = 16
BLOCK = 512  # rows looked at together
BESIDE = ("question", "target")  # of `Dataset.extra`: what makes another row of the same text
PLAIN = re.compile(r"[\W_]+")


def find_groups(dataset: Dataset) -> np.ndarray | None:
    """(N,) group of each row, numbered by its first member; None when no two rows belong together."""
    exact = exact_groups(dataset)
    groups = join_near(dataset, exact)
    return None if (groups == np.arange(len(groups))).all() else groups


def join_alike(*columns: Iterable[str]) -> np.ndarray | None:
    """(N,) group of each row, numbered by its first member: rows belong together that have a text of one of
    the columns in common, but for case, spaces and punctuation; None when no two rows do.
    """
    leader: list[int] = []

    def find(row: int) -> int:
        while leader[row] != row:
            leader[row] = row = leader[leader[row]]
        return row

    for column in columns:
        first: dict[str, int] = {}
        for row, text in enumerate(column):
            if row == len(leader):
                leader.append(row)
            plain = PLAIN.sub("", text.casefold()) or text
            one, two = find(first.setdefault(plain, row)), find(row)
            leader[max(one, two)] = min(one, two)
    groups = np.array([find(row) for row in range(len(leader))])
    return None if (groups == np.arange(len(groups))).all() else groups


def exact_groups(dataset: Dataset) -> np.ndarray:
    """(N,) the first row with the same content: of texts also with the same question, or translation."""
    if isinstance(dataset.x, Texts):
        beside = [text for name in BESIDE if isinstance(text := dataset.extra.get(name), Texts)]
        rows = zip(dataset.x, *beside, strict=True)
        return first_alike(digest("\0".join(row).encode("utf-8", "replace")) for row in rows)
    first = np.arange(len(dataset.x))
    doubtful = shared_sums(dataset.x)
    if len(doubtful):
        first[doubtful] = doubtful[first_alike(digest(row) for row in each_row(dataset.x, doubtful))]
    return first


def shared_sums(x: np.ndarray) -> np.ndarray:
    """Places of the rows that share their weighted sum modulo 2^64 with another one: all that can be copies.

    It takes a tenth of the time of digests, which only these rows need.
    """
    width = x[:1].nbytes
    words = -(-width // 8)
    weights = np.random.default_rng(0).integers(0, 1 << 63, words, np.uint64) * 2 + 1
    sums = np.zeros(len(x), np.uint64)
    padded = np.zeros((BLOCK, 8 * words), np.uint8) if width % 8 else None
    for start in range(0, len(x), BLOCK):
        values = np.ascontiguousarray(x[start : start + BLOCK])
        block: np.ndarray = values.reshape(-1).view(np.uint8).reshape(len(values), width)
        if padded is not None:
            padded[: len(block), :width] = block
            block = padded[: len(block)]
        sums[start : start + len(block)] = block.view(np.uint64) @ weights
    order = np.argsort(sums, kind="stable")
    same = sums[order][1:] == sums[order][:-1]
    is_shared = np.zeros(len(x), bool)
    is_shared[order[1:][same]] = is_shared[order[:-1][same]] = True
    return np.flatnonzero(is_shared)


def each_row(x: np.ndarray, places: np.ndarray) -> Iterator[memoryview]:
    """The bytes of these rows, of many at a time, as an array in a file is slow to ask for single ones."""
    for start in range(0, len(places), BLOCK):
        block = np.ascontiguousarray(x[places[start : start + BLOCK]])
        width = block.nbytes // len(block)
        whole = block.reshape(-1).view(np.uint8).data
        yield from (whole[at : at + width] for at in range(0, block.nbytes, width))


def digest(content: bytes | memoryview) -> bytes:
    """16 bytes: among five million contents two share one with a probability of 4e-26."""
    return blake2b(content, digest_size=DIGEST).digest()


def first_alike(digests: Iterable[bytes]) -> np.ndarray:
    """(N,) the first place with the same digest. A dictionary of millions of rows would take gigabytes."""
    joined = bytearray()
    for one in digests:
        joined += one
    halves = np.frombuffer(joined, np.uint64).reshape(-1, DIGEST // 8)
    order = np.lexsort((np.arange(len(halves)), halves[:, 1], halves[:, 0]))
    ordered = halves[order]
    begins = np.ones(len(order), bool)
    begins[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    first = np.empty(len(order), np.int64)
    first[order] = order[begins][np.cumsum(begins) - 1]
    return first


def join_near(dataset: Dataset, exact: np.ndarray) -> np.ndarray:
    """Exact groups joined where their first rows are near copies."""
    leaders = np.flatnonzero(exact == np.arange(len(exact)))
    parent: dict[int, int] = {}  # of rows that were joined; every other row is its own

    def root(row: int) -> int:
        while (above := parent.get(row, row)) != row:
            parent[row] = parent.get(above, above)
            row = parent[row]
        return row

    for a, b in near_pairs(dataset, leaders):
        a, b = sorted((root(a), root(b)))
        if a != b:
            parent[b] = a
    roots = np.arange(len(exact))
    joined = list(parent)
    roots[joined] = [root(row) for row in joined]
    if dataset.kind in ("image", "sound"):
        sizes = np.bincount(roots[leaders], minlength=len(exact))
        for first in np.flatnonzero(sizes > max(LONG_CHAIN, LONG_SHARE * len(exact))):
            rows = leaders[roots[leaders] == first]
            roots[rows] = divide(dataset, rows)
    return np.asarray(roots[exact])


def divide(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """(R,) rows of a group, in order → (R,) the first row that each is a near copy of, or itself, which then
    leads.
    """
    hashes = difference_hashes(dataset, rows)
    found, leaders = rows.copy(), np.zeros(0, np.int64)  # places in `rows`
    for place in range(len(rows)):
        close = leaders[np.bitwise_count(hashes[leaders] ^ hashes[place]) <= NEAR_BITS][:BUCKET]
        for leader in close.tolist():
            if looks_alike(dataset, int(rows[leader]), int(rows[place])):
                found[place] = rows[leader]
                break
        else:
            leaders = np.append(leaders, place)
    return found


def near_pairs(dataset: Dataset, rows: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs of rows that are near copies. Tables have none: near is a matter of each column's scale."""
    if isinstance(dataset.x, Texts):
        leads = np.zeros(len(dataset.x), bool)
        leads[rows] = True
        texts = (text for text, is_leader in zip(dataset.x, leads.tolist(), strict=True) if is_leader)
        keys = (PLAIN.sub(" ", text).strip().casefold() for text in texts)
        # Texts of punctuation alone match no other text, so their row number is their key.
        marked = (key or f"\0{place}" for place, key in enumerate(keys))
        first = first_alike(digest(key.encode("utf-8", "replace")) for key in marked)
        for place in np.flatnonzero(first != np.arange(len(first))).tolist():
            yield int(rows[first[place]]), int(rows[place])
        return
    if dataset.kind not in ("image", "sound"):
        return
    hashes = difference_hashes(dataset, rows)
    # Two hashes that differ in at most three bits agree in one of four quarters.
    tried = set()
    for quarter in range(4):
        part = (hashes >> np.uint64(16 * quarter)).astype(np.uint16)
        order = np.argsort(part, kind="stable")
        changes = np.flatnonzero(part[order][1:] != part[order][:-1]) + 1
        for start, end in pairwise([0, *changes.tolist(), len(part)]):
            if end - start < 2:
                continue
            places = order[start:end].tolist()
            pairs = combinations(places, 2) if len(places) <= BUCKET else pairwise(places)
            for a, b in pairs:
                if (int(hashes[a]) ^ int(hashes[b])).bit_count() > NEAR_BITS or (a, b) in tried:
                    continue
                tried.add((a, b))
                if looks_alike(dataset, int(rows[a]), int(rows[b])):
                    yield int(rows[a]), int(rows[b])


def looks_alike(dataset: Dataset, a: int, b: int) -> bool:
    """Whether the values of two rows differ by little; blank images all look alike, and are no copies."""
    x, y = (np.asarray(dataset.x[row], np.float32) * dataset.scale for row in (a, b))
    spread = contrast(x)
    return spread > LEAST_SPREAD and float(np.abs(x - y).mean()) < min(NEAR_DIFFERENCE, NEAR_SPREAD * spread)


def difference_hashes(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """(R,) uint64."""
    x = np.asarray(dataset.x)
    found = [difference_hash(x, rows[start : start + BLOCK]) for start in range(0, len(rows), BLOCK)]
    return np.concatenate([np.zeros(0, np.uint64), *found])


def contrast(x: np.ndarray) -> float:
    """Spread of the values: blank images all look alike and say nothing."""
    return float(x.std())


def difference_hash(images: np.ndarray, which: np.ndarray) -> np.ndarray:
    """(N, H, W[, C]) and (R,) of them → (R,) uint64: whether each of 8 × 8 places is brighter than its right
    neighbor, on a 8 × 9 shrunk image.
    """
    lines = np.linspace(0, images.shape[1] - 1, 8).round().astype(int)
    columns = np.linspace(0, images.shape[2] - 1, 9).round().astype(int)
    small = images[np.ix_(which, lines, columns)].astype(np.float32)  # (R, 8, 9[, C])
    small = small.mean(axis=3) if small.ndim == 4 else small
    # A margin, so that noise in even areas does not decide.
    margin = 0.05 * np.ptp(small, axis=(1, 2), keepdims=True)
    bits = small[:, :, :-1] > small[:, :, 1:] + margin
    return np.packbits(bits.reshape(-1, 64), axis=1).view(">u8")[:, 0].astype(np.uint64)
