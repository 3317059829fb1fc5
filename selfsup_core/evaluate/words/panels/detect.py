"""The panels of a detector: how exact its boxes are, and how many of the proposed ones are kept."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from selfsup_core.evaluate.words.panels.seen import Seen, known
from selfsup_core.translation import tr
from selfsup_core.wording import percent

EXACT = 0.6  # mAP over all overlaps as a share of mAP@.5, from which boxes sit well


def say_detections(seen: Seen) -> str:
    """Both scores: objects are found, and their boxes sit well."""
    row: Mapping[str, object] = seen.row
    half, all_ = known(row.get("val_map50")), known(row.get("val_map50_95"))
    if half is None or all_ is None:
        return ""
    if half < 0.05:
        return tr("Almost no object is found yet.")
    said = (
        tr("mAP@.5 {half}, and {all} where boxes must fit closely: they sit well.")
        if all_ >= EXACT * half
        else tr("mAP@.5 {half}, but {all} where boxes must fit closely: they sit loosely.")
    )
    return said.format(half=percent(half), all=percent(all_))


def say_pseudo_boxes(seen: Seen) -> str:
    """How many boxes are learned from, without what only the hidden answers tell."""
    row: Mapping[str, object] = seen.row
    share, boxes = known(row.get("kept_share")), known(row.get("kept_boxes"))
    if share is None or boxes is None:
        return ""
    return tr("{boxes:,} boxes on {share} of the unlabeled pictures are learned from.").format(
        boxes=int(boxes), share=percent(share)
    )


def say_true_boxes(seen: Seen) -> str:
    """The same with the shares that are right and found."""
    row: Mapping[str, object] = seen.row
    right, found = known(row.get("kept_right")), known(row.get("kept_found"))
    if right is None or found is None:
        return ""
    return tr("{right} of the kept boxes are right; they cover {found} of the hidden objects.").format(
        right=percent(right), found=percent(found)
    )


def say_object_map(seen: Seen) -> str:
    """Whether the nearest object on the map of codes is of the same class."""
    kinds, vectors = seen.static.get("labels"), seen.arrays.get("latents")
    if kinds is None or vectors is None or len(kinds) != len(vectors) or len(kinds) < 20:
        return ""
    x = vectors.astype(np.float32)
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    cosines = x @ x.T
    np.fill_diagonal(cosines, -np.inf)
    same = float((kinds[cosines.argmax(axis=1)] == kinds).mean())
    chance = float(np.square(np.bincount(kinds) / len(kinds)).sum())
    return tr("The nearest object is of the same class for {same}, by chance for {chance}.").format(
        same=percent(same), chance=percent(chance)
    )
