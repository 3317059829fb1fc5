"""Search on a map: by text, label or row, and by what a new sample is like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypedDict

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.kinds import MapAsk, about_map
from selfsup_core.inspection.space.asked import Asked, Card
from selfsup_core.inspection.space.selections import pack_rows, rows_meant
from selfsup_core.settings import setting
from selfsup_core.translation import tr, tr_later

How = Literal["contains", "label", "row", "nearest"]
HOWS = {
    "contains": tr_later("Text contains"),
    "label": tr_later("Class"),
    "row": tr_later("Row number"),
    "nearest": tr_later("Nearest in meaning"),
}


class Placed(TypedDict, total=False):
    """Of a new sample: the points next to it with their distances, and its place on the map."""

    first: list[Card]
    point: list[float]


Found = tuple[np.ndarray, Placed]  # places of the points that are meant


class SearchAsk(MapAsk):
    """What is looked for."""

    how: How = setting(
        ...,
        "In texts or columns, by label, by row numbers as in 3, 10-20, or nearest to a new sample.",
        title="By",
        titles=HOWS,
    )
    text: str = setting(..., "What to look for; a file for the nearest to its sample.", title="Text")
    count: int = setting(50, "How many nearest points to find.", title="Count", ge=1)


@about_map("search", SearchAsk)
def search(asked: Asked, ask: SearchAsk) -> Answer:
    """Places that are meant, as bits, and of new samples also where they lie on the map.

    Raises:
        SettingError: a number is none. DataError: nothing is found.
    """
    text = ask.text.strip()
    if not text:
        raise DataError(
            tr("There is nothing to search for."), code="no-text", remedy=tr("Type something to search for.")
        )
    places, more = WAYS[ask.how](asked, text, ask.count)
    if not len(places):
        raise DataError(
            tr("Nothing on this map matches {text!r}.").format(text=text[:60]),
            code="nothing-found",
            remedy=tr("Try fewer letters, or another way to search."),
        )
    first = asked.cards(places[:8])
    return Answer(about={"bits": pack_rows(places), "count": len(places), "first": first, **more})


def contains(asked: Asked, text: str, count: int) -> Found:
    wanted = text.lower()
    whole = asked.space.texts(asked.rows)
    if whole is None:
        whole = [asked.space.text(int(row)) for row in asked.rows]
    return np.flatnonzero([wanted in one.lower() for one in whole]), {}


def by_label(asked: Asked, text: str, count: int) -> Found:
    wanted = [i for i, name in enumerate(asked.space.classes) if text.lower() in name.lower()]
    exact = [i for i in wanted if asked.space.classes[i].lower() == text.lower()]
    return np.flatnonzero(np.isin(asked.labels, exact or wanted)), {}


def by_row(asked: Asked, text: str, count: int) -> Found:
    return np.flatnonzero(rows_meant(text, asked.rows)), {}


def nearest_to(asked: Asked, text: str, count: int) -> Found:
    from selfsup_core.evaluate.nearest import exact
    from selfsup_core.projection.maps import place_new

    _, new = asked.space.encode([text], asked.epoch)
    near, distances = exact(new[:1], asked.x, min(max(1, count), len(asked.rows)), asked.config.metric)
    point = place_new(np.asarray(new[:1], np.float32), asked.x, asked.spaces.made(asked), asked.config)
    order: list[Card] = [
        asked.card(int(p)) | {"distance": round(float(d), 6)}
        for p, d in zip(near[0][:8], distances[0], strict=False)
    ]
    return near[0].astype(np.int64), {"first": order, "point": point[0].tolist()}


WAYS: dict[How, Callable[[Asked, str, int], Found]] = {
    "contains": contains,
    "label": by_label,
    "row": by_row,
    "nearest": nearest_to,
}
