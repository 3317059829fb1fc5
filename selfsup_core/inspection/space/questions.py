"""What a map is asked: colors, cards, who is near, what is typical, how true it is, which groups there are, how two compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from selfsup_core.errors import DataError, SettingError
from selfsup_core.inspection.registry import Answer
from selfsup_core.inspection.space import layouts
from selfsup_core.inspection.space.selections import pack_rows, parse_rows, unpack_rows
from selfsup_core.inspection.space.subjects import Subject, places_in
from selfsup_core.projection.config import MapConfig
from selfsup_core.settings import explain

if TYPE_CHECKING:
    from selfsup_core.inspection.space.spaces import Spaces

UNKNOWN = 255
MOST_NAMED = 254  # categories with a color of their own
MOST_CARDS = 200
MOST_PICTURES = 400
MOST_WORDS_FROM = 20_000  # texts that are read for words
MOST_COLUMNS = 500
NEAR = 15
SHOWN_CATEGORIES = 60


@dataclass
class Asked:
    """A map at one of its epochs. rows: (N,) row numbers of its points; epoch: of the run, None where there is none."""

    spaces: Spaces
    subject: Subject
    about: dict[str, Any]
    config: MapConfig
    rows: np.ndarray
    epoch: int | None
    frame: int

    @cached_property
    def places(self) -> np.ndarray:
        """(N,) of the points among the subject's rows."""
        return places_in(self.subject.rows, self.rows)

    @cached_property
    def points(self) -> np.ndarray:
        """(N, 2 or 3)."""
        return layouts.read_layout(self.spaces.workspace, self.about["key"], self.frame)

    @cached_property
    def x(self) -> np.ndarray:
        """(N, D)."""
        return self.spaces.vectors(self.subject, self.epoch)[self.places]

    @cached_property
    def labels(self) -> np.ndarray:
        return self.subject.labels[self.places]

    @cached_property
    def numbers(self) -> dict[str, np.ndarray]:
        return {name: values[self.places] for name, values in self.subject.numbers(self.epoch).items()}

    @cached_property
    def categories(self) -> dict[str, tuple[np.ndarray, list[str]]]:
        found = self.subject.categories(self.epoch)
        own = {name: (codes[self.places], names) for name, (codes, names) in found.items()}
        groups = self.folder / "clusters.npz"
        if groups.exists():
            with np.load(groups, allow_pickle=False) as kept:
                if len(kept["groups"]) == len(self.rows) and int(kept["frame"]) == self.frame:
                    own["cluster"] = (kept["groups"], [str(name) for name in kept["names"]])
        return own

    @property
    def folder(self) -> Path:
        return layouts.folder_of(self.spaces.workspace, self.about["key"])

    def mask(self, bits: str) -> np.ndarray:
        """Bits of places → (N,) mask. Raises DataError when nothing of it is on this map."""
        chosen = unpack_rows(bits)
        mask = np.zeros(len(self.rows), bool)
        mask[chosen[chosen < len(mask)]] = True
        if not mask.any():
            raise DataError(
                "Nothing is selected.", code="nothing-selected", remedy="Draw around some points first."
            )
        return mask

    def name_of(self, place: int) -> str:
        label = int(self.labels[place])
        return self.subject.classes[label] if label >= 0 else ""

    def card(self, place: int) -> dict[str, Any]:
        """What a person sees of a point."""
        row = int(self.rows[place])
        found = {
            "place": int(place),
            "row": row,
            "label": self.name_of(place),
            "text": self.subject.text(row),
        }
        for name, (codes, names) in self.categories.items():
            if name != "class" and codes[place] >= 0:
                found[name] = names[int(codes[place])]
        if self.subject.kind != "table":
            found |= {n: round(float(v[place]), 5) for n, v in self.numbers.items() if np.isfinite(v[place])}
        return found

    def cards(self, places: Any) -> list[dict[str, Any]]:
        return [self.card(int(place)) for place in places]

    def check_place(self, place: int) -> int:
        if isinstance(place, bool) or not 0 <= int(place) < len(self.rows):
            raise SettingError(f"There is no point {place}; this map has {len(self.rows):,}.")
        return int(place)


# Colors


def density(asked: Asked) -> np.ndarray:
    """(N,) 1 / mean distance to the nearest points of the space, on a logarithmic scale."""
    _, distances = asked.spaces.graph(asked, NEAR)
    return (
        -np.log10(np.maximum(distances.mean(axis=1), 1e-12)) if distances.size else np.zeros(len(asked.rows))
    )


def kept_neighbors(asked: Asked) -> np.ndarray:
    """(N,) share of each point's nearest in the space that are among its nearest on the map."""
    from scipy.spatial import cKDTree

    in_space = asked.spaces.graph(asked, NEAR)[0]
    k = in_space.shape[1]
    if not k:
        return np.ones(len(asked.rows))
    on_map = cKDTree(asked.points).query(asked.points, k + 1, workers=1)[1]
    own = np.arange(len(on_map))[:, None]
    both = (on_map[:, :, None] == in_space[:, None, :]) & (on_map != own)[:, :, None]
    return both.any(axis=1).mean(axis=1)


MEASURED = {"density": density, "kept neighbors": kept_neighbors}


def colors(asked: Asked) -> Answer:
    """By what points can be colored or sized: {"categories": {name: how many}, "numbers": […], "measured": […]}."""
    found = {name: len(names) for name, (_, names) in asked.categories.items()}
    return Answer(
        about={
            "categories": found,
            "numbers": list(asked.numbers)[:MOST_COLUMNS],
            "measured": list(MEASURED) if len(asked.rows) > 2 else [],
        }
    )


def color(asked: Asked, by: str) -> Answer:
    """ "codes": (N,) bytes. Of a category the number of its name, of a number 0 to 254 between "low" and "high"; 255 unknown.

    Raises:
        SettingError: there is nothing called so.
    """
    if by in asked.categories:
        codes, names = asked.categories[by]
        shown = list(names)
        if len(names) > MOST_NAMED:
            counts = np.bincount(codes[codes >= 0], minlength=len(names))
            kept = np.argsort(-counts, kind="stable")[: MOST_NAMED - 1]
            new = np.full(len(names), MOST_NAMED - 1)
            new[kept] = np.arange(len(kept))
            codes, shown = (
                np.where(codes >= 0, new[codes], -1),
                [names[i] for i in kept] + ["other"],
            )
        counts = np.bincount(codes[codes >= 0], minlength=len(shown))
        return Answer(
            {"codes": np.where(codes >= 0, codes, UNKNOWN).astype(np.uint8)},
            {
                "by": by,
                "kind": "category",
                "names": shown,
                "counts": counts.tolist(),
                "unknown": int((codes < 0).sum()),
            },
        )
    if by in MEASURED:
        values = MEASURED[by](asked)
    elif by in asked.numbers:
        values = asked.numbers[by]
    else:
        known = [*asked.categories, *asked.numbers, *MEASURED]
        raise SettingError(f"Points cannot be colored by {by!r}. Known: {', '.join(known[:30])}.")
    known = np.isfinite(values)
    low, high = np.quantile(values[known], (0.01, 0.99)) if known.any() else (0.0, 1.0)
    if high <= low:
        low, high = (float(values[known].min()), float(values[known].max())) if known.any() else (0.0, 1.0)
    span = (high - low) or 1.0
    codes = np.full(len(values), UNKNOWN, np.uint8)
    codes[known] = np.rint(np.clip((values[known] - low) / span, 0, 1) * 254).astype(np.uint8)
    return Answer(
        {"codes": codes},
        {"by": by, "kind": "number", "low": float(low), "high": float(high), "unknown": int((~known).sum())},
    )


# Points


def items(asked: Asked, places: list[int]) -> Answer:
    """{"items": cards of points}."""
    chosen = [asked.check_place(place) for place in places[:MOST_CARDS]]
    return Answer(about={"items": asked.cards(chosen)})


def pictures(asked: Asked, places: list[int]) -> Answer:
    """ "pictures": (B, H, W[, 3]) bytes; none where rows are no pictures."""
    chosen = [asked.check_place(place) for place in places[:MOST_PICTURES]]
    found = asked.subject.images(asked.rows[chosen]) if chosen else None
    return Answer({} if found is None else {"pictures": found}, {"places": chosen})


def neighbors(asked: Asked, place: int, count: int = 10) -> Answer:
    """The nearest in the space itself, and how many of them the map keeps near: {"point", "found": [card + distance, kept], "kept"}."""
    from selfsup_core.evaluate.nearest import exact

    place = asked.check_place(place)
    count = max(1, min(count, MOST_CARDS, len(asked.rows) - 1))
    if len(asked.rows) < 2:
        return Answer(about={"point": asked.card(place), "found": [], "kept": 1.0, "bits": ""})
    near, distances = exact(asked.x[place : place + 1], asked.x, count + 1, asked.config.metric)
    pairs = [(int(p), float(d)) for p, d in zip(near[0], distances[0], strict=True) if p != place][:count]
    on_map = np.square(asked.points - asked.points[place]).sum(axis=1)
    on_map[place] = np.inf
    close = set(np.argpartition(on_map, count - 1)[:count].tolist())
    found = [asked.card(p) | {"distance": round(d, 6), "kept": p in close} for p, d in pairs]
    kept = sum(f["kept"] for f in found) / max(1, len(found))
    return Answer(
        about={
            "point": asked.card(place),
            "found": found,
            "kept": kept,
            "bits": pack_rows(np.array([place, *[p for p, _ in pairs]])),
        }
    )


def search(asked: Asked, how: str, text: str, count: int = 50) -> Answer:
    """Places that are meant, as bits, and of new samples also where they lie on the map.

    Args:
        how: "contains" (text or columns), "label", "row" (numbers, as in 3, 10-20), "nearest" (to a typed text or a file's sample).

    Raises:
        SettingError: a number is none. DataError: nothing is found.
    """
    ways = {"contains": contains, "label": by_label, "row": by_row, "nearest": nearest_to}
    if how not in ways:
        raise SettingError(f"There is no search {how!r}. Known: {', '.join(ways)}.")
    if not text.strip():
        raise DataError("There is nothing to search for.", code="no-text", remedy="Type something.")
    places, more = ways[how](asked, text.strip(), count)
    if not len(places):
        raise DataError(
            f"Nothing on this map is found by {text.strip()[:60]!r}.",
            code="nothing-found",
            remedy="Try fewer letters, or another way to search.",
        )
    return Answer(
        about={"bits": pack_rows(places), "count": len(places), "first": asked.cards(places[:8])} | more
    )


def contains(asked: Asked, text: str, count: int) -> tuple[np.ndarray, dict[str, Any]]:
    wanted = text.lower()
    whole = asked.subject.texts(asked.rows)
    if whole is None:
        whole = [asked.subject.text(int(row)) for row in asked.rows]
    return np.flatnonzero([wanted in one.lower() for one in whole]), {}


def by_label(asked: Asked, text: str, count: int) -> tuple[np.ndarray, dict[str, Any]]:
    wanted = [i for i, name in enumerate(asked.subject.classes) if text.lower() in name.lower()]
    exact = [i for i in wanted if asked.subject.classes[i].lower() == text.lower()]
    return np.flatnonzero(np.isin(asked.labels, exact or wanted)), {}


def by_row(asked: Asked, text: str, count: int) -> tuple[np.ndarray, dict[str, Any]]:
    return np.flatnonzero(np.isin(asked.rows, parse_rows(text))), {}


def nearest_to(asked: Asked, text: str, count: int) -> tuple[np.ndarray, dict[str, Any]]:
    from selfsup_core.evaluate.nearest import exact
    from selfsup_core.projection.maps import place_new

    _, new = asked.subject.encode([text], asked.epoch)
    near, distances = exact(new[:1], asked.x, min(max(1, count), len(asked.rows)), asked.config.metric)
    point = place_new(np.asarray(new[:1], np.float32), asked.x, asked.spaces.made(asked), asked.config)
    order = [
        asked.card(int(p)) | {"distance": round(float(d), 6)}
        for p, d in zip(near[0][:8], distances[0], strict=False)
    ]
    return near[0].astype(np.int64), {"first": order, "point": point[0].tolist()}


# Selections


def why(asked: Asked, bits: str) -> Answer:
    """Why are these together: what sets them apart, the most typical and the oddest, their mean decoded."""
    from selfsup_core.evaluate.standing_out import (
        of_category,
        of_number,
        of_words,
        rank,
        typical_and_odd,
    )

    mask = asked.mask(bits)
    found: list[Any] = []
    words: list[Any] = []
    if not mask.all():
        for name, (codes, names) in asked.categories.items():
            found += of_category(name, codes, names, mask)
        found += [
            of_number(name, values, mask) for name, values in list(asked.numbers.items())[:MOST_COLUMNS]
        ]
        some = np.arange(len(mask))
        if len(some) > MOST_WORDS_FROM:
            inside, outside = np.flatnonzero(mask), np.flatnonzero(~mask)
            draw = np.random.default_rng(0)
            some = np.concatenate(
                [draw.permutation(part)[: MOST_WORDS_FROM // 2] for part in (inside, outside)]
            )
        texts = asked.subject.texts(asked.rows[some])
        if texts is not None:
            words = of_words(texts, mask[some])
    typical, odd = typical_and_odd(asked.x, mask)
    arrays = {}
    mean = asked.subject.decode(asked.x[mask].mean(axis=0, keepdims=True), asked.epoch)
    if mean is not None:
        arrays["mean"] = mean
    return Answer(
        arrays,
        {
            "count": int(mask.sum()),
            "of": len(mask),
            "differences": [asdict(d) for d in rank(found)],
            "words": [asdict(d) for d in words],
            "typical": asked.cards(typical),
            "odd": asked.cards(odd),
            "labels": {
                name: int((asked.labels[mask] == i).sum())
                for i, name in enumerate(asked.subject.classes)
                if (asked.labels[mask] == i).any()
            },
        },
    )


def clusters(asked: Asked, **settings: Any) -> Answer:
    """Groups, their names, and how far they agree with the labels; from then on a color called "cluster"."""
    from selfsup_core.evaluate.clusters import (
        ClusterConfig,
        agreement,
        find_clusters,
        typical_labels,
        typical_words,
    )

    try:
        config = ClusterConfig.model_validate(settings)
    except ValidationError as error:
        raise explain(error, ClusterConfig) from error
    where = asked.points if config.where == "map" else asked.x
    groups = find_clusters(where, config, classes=len(asked.subject.classes))
    count = int(groups.max(initial=-1)) + 1
    words = [[] for _ in range(count)]
    some = np.flatnonzero(groups >= 0)[:MOST_WORDS_FROM]
    texts = asked.subject.texts(asked.rows[some]) if count else None
    if texts is not None:
        words = typical_words(texts, groups[some])
        words += [[] for _ in range(count - len(words))]
    labels = typical_labels(asked.labels, groups, asked.subject.classes)
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
        name = name or f"group {index + 1}"
        seen[name] = seen.get(name, 0) + 1
        made.append(name if seen[name] == 1 else f"{name} · {seen[name]}")
    return made


def keep_groups(asked: Asked, groups: np.ndarray, names: list[str]) -> None:
    import io

    from selfsup_core.files import write_bytes

    buffer = io.BytesIO()
    np.savez(buffer, groups=groups, names=np.array(names, np.str_), frame=asked.frame)
    write_bytes(asked.folder / "clusters.npz", buffer.getvalue())


# The map itself


def trust(asked: Asked, count: int = NEAR) -> Answer:
    """Trustworthiness, continuity and kept neighbors of the map, with a sentence on what its distances mean."""
    from selfsup_core.projection.trust import measure_trust, say_trust

    found = measure_trust(asked.x, asked.points, count, metric=asked.config.metric)
    return Answer(
        about={
            "trustworthiness": found.trustworthiness,
            "continuity": found.continuity,
            "kept": found.kept,
            "neighbors": found.neighbors,
            "asked": len(found.asked),
            "of": len(asked.rows),
            "text": say_trust(found, asked.config.kind),
            "explained": asked.about["explained"].get(str(asked.frame)),
        }
    )


def compare(asked: Asked, other: dict[str, Any], count: int = NEAR) -> Answer:
    """Two maps over the same rows: CKA of their vectors, Procrustes distance of vectors and maps, shared neighbors.

    Args:
        other: {"space", "key", "epoch"}.

    Raises:
        DataError: they have fewer than three rows in common.
    """
    from selfsup_core.evaluate.similarity import linear_cka, procrustes_distance, shared_neighbors

    second = asked.spaces.asked(str(other["space"]), str(other["key"]), other.get("epoch"))
    same = asked.subject.source == second.subject.source
    common, first, last = np.intersect1d(asked.rows, second.rows, return_indices=True)
    if not same or len(common) < 3:
        raise DataError(
            f"{asked.subject.title} and {second.subject.title} have no rows in common.",
            code="other-rows",
            remedy="Compare spaces over the same data set.",
        )
    if len(common) > 5000:
        chosen = np.sort(np.random.default_rng(0).choice(len(common), 5000, replace=False))
        first, last = first[chosen], last[chosen]
    a, b = asked.x[first], second.x[last]
    from selfsup_core.evaluate.nearest import nearest

    k = min(count, len(a) - 1)
    shared = shared_neighbors(nearest(a, k, asked.config.metric)[0], nearest(b, k, second.config.metric)[0])
    return Answer(
        about={
            "cka": linear_cka(a, b),
            "procrustes": procrustes_distance(a, b),
            "procrustes_maps": procrustes_distance(asked.points[first], second.points[last]),
            "shared": shared,
            "neighbors": k,
            "rows": len(a),
            "common": len(common),
        }
    )


QUESTIONS: dict[str, Callable[..., Answer]] = {
    "colors": colors,
    "color": color,
    "items": items,
    "pictures": pictures,
    "neighbors": neighbors,
    "search": search,
    "why": why,
    "clusters": clusters,
    "trust": trust,
    "compare": compare,
}
