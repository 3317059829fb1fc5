"""What a map is asked about its points: colors, cards, pictures and who is near."""

from __future__ import annotations

import numpy as np

from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.kinds import MapAsk, about_map
from selfsup_core.inspection.space.asked import Asked
from selfsup_core.inspection.space.colors import MEASURED, color_points
from selfsup_core.inspection.space.selections import pack_rows
from selfsup_core.settings import setting

MOST_CARDS = 200
MOST_PICTURES = 400
MOST_COLUMNS = 500


class ColorAsk(MapAsk):
    """One color."""

    by: str = setting(
        ..., "A category, a number, or something measured; `colors` lists them.", title="Color by"
    )
    find: str = setting(
        "",
        "Part of the name of a category that may be too rare for a color of its own.",
        title="Find",
    )


class PointsAsk(MapAsk):
    """Some points."""

    places: list[int] = setting(..., "Numbers of the points on this map.", title="Points")


class NeighborsAsk(MapAsk):
    """One point."""

    place: int = setting(..., "Number of the point on this map.", title="Point")
    count: int = setting(10, "How many are shown.", title="Count", ge=1, le=MOST_CARDS)


@about_map("colors", MapAsk)
def colors(asked: Asked, ask: MapAsk) -> Answer:
    """By what points can be colored or sized: {"categories": {name: how many}, "numbers": […], "measured":
    […]}.
    """
    found = {name: len(names) for name, (_, names) in asked.categories.items()}
    return Answer(
        about={
            "categories": found,
            "numbers": list(asked.numbers)[:MOST_COLUMNS],
            "measured": list(MEASURED) if len(asked.rows) > 2 else [],
        }
    )


@about_map("color", ColorAsk)
def color(asked: Asked, ask: ColorAsk) -> Answer:
    """The color of each point; see `color_points`."""
    return color_points(asked, ask.by, ask.find)


@about_map("items", PointsAsk)
def items(asked: Asked, ask: PointsAsk) -> Answer:
    """{"items": cards of points}."""
    chosen = [asked.check_place(place) for place in ask.places[:MOST_CARDS]]
    return Answer(about={"items": asked.cards(chosen)})


@about_map("pictures", PointsAsk)
def pictures(asked: Asked, ask: PointsAsk) -> Answer:
    """ "pictures": (B, H, W[, 3]) bytes; none where rows are not pictures."""
    chosen = [asked.check_place(place) for place in ask.places[:MOST_PICTURES]]
    found = asked.space.images(asked.rows[chosen]) if chosen else None
    return Answer({} if found is None else {"pictures": found}, {"places": chosen})


@about_map("neighbors", NeighborsAsk)
def neighbors(asked: Asked, ask: NeighborsAsk) -> Answer:
    """The nearest in the space itself, and how many of them the map keeps near: {"point", "found": [card +
    distance, kept], "kept"}.
    """
    from selfsup_core.evaluate.nearest import exact

    place = asked.check_place(ask.place)
    count = max(1, min(ask.count, len(asked.rows) - 1))
    if len(asked.rows) < 2:
        return Answer(about={"point": asked.card(place), "found": [], "kept": 1.0, "bits": ""})
    near, distances = exact(asked.x[place : place + 1], asked.x, count + 1, asked.config.metric)
    pairs = [(int(p), float(d)) for p, d in zip(near[0], distances[0], strict=True) if p != place][:count]
    on_map = np.square(asked.points - asked.points[place]).sum(axis=1)
    on_map[place] = np.inf
    close = set(np.argpartition(on_map, count - 1)[:count].tolist())
    found = [{**asked.card(p), "distance": round(d, 6), "kept": p in close} for p, d in pairs]
    kept = sum(p in close for p, _ in pairs) / max(1, len(found))
    return Answer(
        about={
            "point": asked.card(place),
            "found": found,
            "kept": kept,
            "bits": pack_rows(np.array([place, *[p for p, _ in pairs]])),
        }
    )
