"""Own axes of a map: rows between whose means they lead."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from selfsup_core.errors import SettingError
from selfsup_core.inspection.space.base import Space, places_in
from selfsup_core.inspection.space.selections import kept_under, read_selection
from selfsup_core.projection.config import MapConfig
from selfsup_core.translation import tr

Ends = list[
    tuple[np.ndarray, np.ndarray] | None
]  # of the x and the y axis: where it begins and where it leads


def ends_of_axes(workspace: Path, space: Space, config: MapConfig) -> Ends | None:
    """Row numbers of the ends of own axes; None for other kinds of maps.

    Raises:
        SettingError: an end is missing or is not a class. DataError: there is no such selection.
    """
    if config.kind != "axes":
        return None
    pairs = [(config.x_from, config.x_to), (config.y_from, config.y_to)]
    if not all(pairs[0]):
        raise SettingError(
            tr("Own axes need a start and an end of the x axis."),
            remedy=tr('Name a selection, or a class as in "class:seven".'),
        )
    rows = [[rows_named(workspace, space, name) for name in pair] for pair in pairs if all(pair)]
    ends: Ends = [(begin, end) for begin, end in rows]
    return ends + [None] * (len(pairs) - len(ends))


def rows_named(workspace: Path, space: Space, name: str) -> np.ndarray:
    """Rows of a named selection, or of a class as in "class:seven"."""
    if not name.startswith("class:"):
        return read_selection(workspace, kept_under(space.name, space.source), name)
    wanted = name.removeprefix("class:")
    if wanted not in space.classes:
        raise SettingError(
            tr("There is no class {wanted!r}. Classes: {value}.").format(
                wanted=wanted, value=", ".join(space.classes[:20]) or "none"
            )
        )
    found: np.ndarray = space.rows[space.labels == space.classes.index(wanted)]
    return found


def places_of(ends: Ends, known: np.ndarray) -> Ends:
    """Row numbers → places among those that are drawn."""
    return [None if pair is None else (drawn(known, pair[0]), drawn(known, pair[1])) for pair in ends]


def drawn(known: np.ndarray, rows: np.ndarray) -> np.ndarray:
    places = places_in(known, rows)
    return places[places >= 0]


def mark_of(ends: Ends | None) -> list[list[int]]:
    """What tells one pair of axes from another: other rows under the same name are another map."""
    return [rows.tolist() for pair in ends or [] for rows in (pair or ())]
