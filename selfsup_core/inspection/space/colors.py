"""Colors of a map's points: by a category, by a number of their rows, or by something measured on the map."""

from __future__ import annotations

import numpy as np

from selfsup_core.errors import SettingError
from selfsup_core.figures.space import Legend
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.space.asked import Asked
from selfsup_core.translation import tr

UNKNOWN = 255
MOST_NAMED = 254  # categories with a color of their own
MOST_FOUND = 20  # of those that are too small, when they are looked for
NEAR = 15


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
    share: np.ndarray = both.any(axis=1).mean(axis=1)
    return share


MEASURED = {"density": density, "kept neighbors": kept_neighbors}


def color_points(asked: Asked, by: str, find: str = "") -> Answer:
    """ "codes": (N,) bytes. Of a category the number of its name, of a number 0 to 254 between "low" and
    "high"; 255 unknown. `about` is their `Legend`.

    Args:
        find: of a category: names that hold this text have a code of their own, too, the most frequent first.

    Raises:
        SettingError: there is nothing called so.
    """
    if by in asked.categories:
        codes, names = asked.categories[by]
        shown = list(names)
        if len(names) > MOST_NAMED:
            counts = np.bincount(codes[codes >= 0], minlength=len(names))
            order = np.argsort(-counts, kind="stable")
            kept = order[: MOST_NAMED - 1]
            if wanted := find.strip().lower():
                found = [i for i in order if wanted in names[i].lower() and i not in kept][:MOST_FOUND]
                kept = np.concatenate([kept[: len(kept) - len(found)], np.array(found, dtype=kept.dtype)])
            new = np.full(len(names), MOST_NAMED - 1)
            new[kept] = np.arange(len(kept))
            codes, shown = (
                np.where(codes >= 0, new[codes], -1),
                [names[i] for i in kept] + [tr("{count:,} others").format(count=len(names) - len(kept))],
            )
        counts = np.bincount(codes[codes >= 0], minlength=len(shown))
        legend: Legend = {
            "by": by,
            "kind": "category",
            "names": shown,
            "counts": counts.tolist(),
            "unknown": int((codes < 0).sum()),
        }
        if len(names) > MOST_NAMED:
            legend["others"] = MOST_NAMED - 1
        return Answer({"codes": np.where(codes >= 0, codes, UNKNOWN).astype(np.uint8)}, legend)
    if by in MEASURED:
        values = MEASURED[by](asked)
    elif by in asked.numbers:
        values = asked.numbers[by]
    else:
        known = [*asked.categories, *asked.numbers, *MEASURED]
        raise SettingError(
            tr("Points cannot be colored by {by!r}. Known: {known}.").format(
                by=by, known=", ".join(known[:30])
            )
        )
    finite = np.isfinite(values)
    low, high = np.quantile(values[finite], (0.01, 0.99)) if finite.any() else (0.0, 1.0)
    if high <= low:
        low, high = (float(values[finite].min()), float(values[finite].max())) if finite.any() else (0.0, 1.0)
    span = (high - low) or 1.0
    codes = np.full(len(values), UNKNOWN, np.uint8)
    codes[finite] = np.rint(np.clip((values[finite] - low) / span, 0, 1) * 254).astype(np.uint8)
    legend = {
        "by": by,
        "kind": "number",
        "low": float(low),
        "high": float(high),
        "unknown": int((~finite).sum()),
    }
    return Answer({"codes": codes}, legend)
