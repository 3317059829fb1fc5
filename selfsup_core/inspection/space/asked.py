"""A map that is asked something: its points, and what is known of their rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, Protocol, cast

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.errors import DataError, SettingError
from selfsup_core.inspection.space import layouts
from selfsup_core.inspection.space.base import Space, places_in
from selfsup_core.inspection.space.layouts import MapAbout
from selfsup_core.inspection.space.selections import unpack_rows
from selfsup_core.projection.config import MapConfig
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.projection.maps import Made


class Card(TypedDict):
    """What a person sees of a point; beside this its groups and numbers, by their names.

    Attributes:
        place: of the point on the map. row: of the data. distance: to what was asked about.
    """

    place: int
    row: int
    label: str
    text: str
    distance: NotRequired[float]


class MapSource(Protocol):
    """What keeps vectors, graphs and maps; see `spaces.Spaces`."""

    workspace: Path

    def vectors(self, space: Space, epoch: int | None) -> np.ndarray:
        """(R, D) of all rows of a space."""

    def graph(self, asked: Asked, k: int) -> tuple[np.ndarray, np.ndarray]:
        """(N, k) nearest points of each point in the space itself, and their distances."""

    def made(self, asked: Asked) -> Made:
        """The map as something that new rows can be placed on."""

    def asked(self, name: str, key: str, epoch: int | None) -> Asked:
        """Another map."""


@dataclass
class Asked:
    """A map at one of its epochs.

    Attributes:
        rows: (N,) row numbers of its points. epoch: of the run, None where there is none. frame: number of
        the layout.
    """

    spaces: MapSource
    space: Space
    about: MapAbout
    config: MapConfig
    rows: np.ndarray
    epoch: int | None
    frame: int

    @cached_property
    def places(self) -> np.ndarray:
        """(N,) of the points among the subject's rows."""
        return places_in(self.space.rows, self.rows)

    @cached_property
    def points(self) -> np.ndarray:
        """(N, 2 or 3)."""
        return layouts.read_layout(self.spaces.workspace, self.about["key"], self.frame)

    @cached_property
    def x(self) -> np.ndarray:
        """(N, D)."""
        found: np.ndarray = self.spaces.vectors(self.space, self.epoch)[self.places]
        return found

    @cached_property
    def labels(self) -> np.ndarray:
        found: np.ndarray = self.space.labels[self.places]
        return found

    @cached_property
    def numbers(self) -> dict[str, np.ndarray]:
        return {name: values[self.places] for name, values in self.space.numbers(self.epoch).items()}

    @cached_property
    def categories(self) -> dict[str, tuple[np.ndarray, list[str]]]:
        found = self.space.categories(self.epoch)
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
        mask = np.zeros(len(self.rows), bool)
        mask[unpack_rows(bits, len(mask))] = True
        if not mask.any():
            raise DataError(
                tr("Nothing is selected."), code="nothing-selected", remedy=tr("Select some points first.")
            )
        return mask

    def chosen(self, bits: str) -> np.ndarray:
        """As `mask`, but no bits at all mean every point."""
        return self.mask(bits) if bits else np.ones(len(self.rows), bool)

    def name_of(self, place: int) -> str:
        label = int(self.labels[place])
        return self.space.classes[label] if label >= 0 else ""

    def card(self, place: int) -> Card:
        """What a person sees of a point."""
        row = int(self.rows[place])
        found: dict[str, object] = {
            "place": int(place),
            "row": row,
            "label": self.name_of(place),
            "text": self.space.text(row),
        }
        for name, (codes, names) in self.categories.items():
            if name != "class" and codes[place] >= 0:
                found[name] = names[int(codes[place])]
        if self.space.kind != "table":
            found |= {n: round(float(v[place]), 5) for n, v in self.numbers.items() if np.isfinite(v[place])}
        return cast("Card", found)

    def cards(self, places: Iterable[int]) -> list[Card]:
        return [self.card(int(place)) for place in places]

    def check_place(self, place: int) -> int:
        if isinstance(place, bool) or not 0 <= int(place) < len(self.rows):
            raise SettingError(
                tr("There is no point {place}; this map has {count:,}.").format(
                    place=place, count=len(self.rows)
                )
            )
        return int(place)
