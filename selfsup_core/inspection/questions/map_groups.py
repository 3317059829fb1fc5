"""What a map is asked about points together: why are they together, and which groups are there?"""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import Any

import numpy as np

from selfsup_core.evaluate.clusters import (
    ClusterConfig,
    agreement,
    find_clusters,
    typical_labels,
    typical_words,
)
from selfsup_core.files import write_bytes
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.kinds import MapAsk, about_map
from selfsup_core.inspection.space.asked import Asked
from selfsup_core.inspection.space.selections import pack_rows
from selfsup_core.settings import setting
from selfsup_core.translation import tr

MOST_WORDS_FROM = 20_000  # texts that are read for words
MOST_COLUMNS = 500
SHOWN_CATEGORIES = 60


class WhyTogetherAsk(MapAsk):
    """A selection."""

    bits: str = setting(..., "Points: one bit each, in base64.", title="Points")


class GroupsAsk(ClusterConfig, MapAsk):
    """How groups are found on a map."""


@about_map("why", WhyTogetherAsk)
def why(asked: Asked, ask: WhyTogetherAsk) -> Answer:
    """Why are these together: what sets them apart, the most typical and the oddest, their mean decoded."""
    from selfsup_core.evaluate.standing_out import (
        of_category,
        of_number,
        of_words,
        rank,
        typical_and_odd,
    )

    mask = asked.mask(ask.bits)
    found: list[Any] = []
    words: list[Any] = []
    whole = whole_categories(asked, mask)
    if not mask.all():
        for name, (codes, names) in asked.categories.items():
            # That all of a class are of this class explains nothing.
            found += [] if name in whole else of_category(name, codes, names, mask)
        found += [
            of_number(name, values, mask) for name, values in list(asked.numbers.items())[:MOST_COLUMNS]
        ]
        if whole and not rank(found):
            found += [
                of_number(tr("number {i} of the vector").format(i=i), column.astype(np.float64), mask)
                for i, column in enumerate(asked.x.T[:MOST_COLUMNS])
            ]
        some = np.arange(len(mask))
        if len(some) > MOST_WORDS_FROM:
            inside, outside = np.flatnonzero(mask), np.flatnonzero(~mask)
            draw = np.random.default_rng(0)
            some = np.concatenate(
                [draw.permutation(part)[: MOST_WORDS_FROM // 2] for part in (inside, outside)]
            )
        texts = asked.space.texts(asked.rows[some])
        if texts is not None:
            words = of_words(texts, mask[some])
    typical, odd = typical_and_odd(asked.x, mask)
    arrays = {}
    mean = asked.space.decode(asked.x[mask].mean(axis=0, keepdims=True), asked.epoch)
    if mean is not None:
        arrays["mean"] = mean
    return Answer(
        arrays,
        {
            "count": int(mask.sum()),
            "of": len(mask),
            "whole": whole,
            "differences": [asdict(d) for d in rank(found)],
            "words": [asdict(d) for d in words],
            "typical": asked.cards(typical),
            "odd": asked.cards(odd),
            "labels": {
                name: int((asked.labels[mask] == i).sum())
                for i, name in enumerate(asked.space.classes)
                if (asked.labels[mask] == i).any()
            },
        },
    )


def whole_categories(asked: Asked, mask: np.ndarray) -> dict[str, str]:
    """Name of a category → the one of its names that exactly the selected points have: {"class": "dog"}."""
    found = {}
    for name, (codes, names) in asked.categories.items():
        first = codes[np.argmax(mask)]
        if first >= 0 and not mask.all() and np.array_equal(codes == first, mask):
            found[name] = names[first]
    return found


@about_map("clusters", GroupsAsk)
def clusters(asked: Asked, ask: GroupsAsk) -> Answer:
    """Groups, their names, and how far they agree with the labels; from then on a color called "cluster"."""
    where = asked.points if ask.where == "map" else asked.x
    groups = find_clusters(where, ask, classes=len(asked.space.classes))
    count = int(groups.max(initial=-1)) + 1
    words: list[list[str]] = [[] for _ in range(count)]
    some = np.flatnonzero(groups >= 0)[:MOST_WORDS_FROM]
    texts = asked.space.texts(asked.rows[some]) if count else None
    if texts is not None:
        words = typical_words(texts, groups[some])
        words += [[] for _ in range(count - len(words))]
    labels = typical_labels(asked.labels, groups, asked.space.classes)
    names = unique_names(
        [
            ", ".join(w) or label or column_name(asked, groups == i)
            for i, (w, label) in enumerate(zip(words, labels, strict=True))
        ]
    )
    asked.folder.mkdir(exist_ok=True)
    keep_groups(asked, groups, names)
    sizes = [int((groups == i).sum()) for i in range(count)]
    return Answer(
        about={
            "groups": [
                {"name": n, "size": s, "label": label, "bits": pack_rows(np.flatnonzero(groups == i))}
                for i, (n, s, label) in enumerate(zip(names, sizes, labels, strict=True))
            ][:SHOWN_CATEGORIES],
            "count": count,
            "loners": int((groups < 0).sum()),
            "agreement": agreement(groups, asked.labels),
        }
    )


def column_name(asked: Asked, mask: np.ndarray) -> str:
    """Of a group without words and labels: the number by which it differs most."""
    from selfsup_core.evaluate.standing_out import of_number, rank

    if mask.all():
        return ""
    best = rank([of_number(n, v, mask) for n, v in list(asked.numbers.items())[:MOST_COLUMNS]], 1)
    return f"{best[0].what} {best[0].text.split(':')[0]}" if best else ""


def unique_names(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    made = []
    for index, name in enumerate(names):
        name = name or tr("group {index}").format(index=index + 1)
        seen[name] = seen.get(name, 0) + 1
        made.append(name if seen[name] == 1 else f"{name} · {seen[name]}")
    return made


def keep_groups(asked: Asked, groups: np.ndarray, names: list[str]) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, groups=groups, names=np.array(names, np.str_), frame=asked.frame)
    write_bytes(asked.folder / "clusters.npz", buffer.getvalue())
