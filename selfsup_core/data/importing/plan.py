"""The plan of an import: what files hold and how they are to be read."""

from __future__ import annotations

from typing import Any, TypedDict

from selfsup_core.data.importing.columns import ColumnAbout
from selfsup_core.data.importing.table import Table
from selfsup_core.data.texts import Texts


class ImportPlan(TypedDict, total=False):
    """What files hold and how they are to be read, in plain values.

    Attributes:
        form: format of the members. aside: {name: reason} of what is set aside, of many images or sounds
        among those looked at.
        classes: rows of the most frequent labels; "" counts those without one.
        size, color, median: of images: side they are resized to, whether colors stay, median width and
        height.
        seconds, rates: of sounds: length they are cut to, how many have which rate.
        columns, found: of tables: what each column is, and what was found of their format.
        shape: of an array's samples. encoding, unit, examples, mean_length: of text files.
    """

    form: str
    files: int
    title: str
    kind: str
    rows: int
    notes: list[str]
    aside: dict[str, str]
    classes: dict[str, int]
    size: int
    color: bool
    median: list[int]
    seconds: float
    rates: dict[str, int]
    columns: list[ColumnAbout]
    found: dict[str, Any]
    shape: list[int]
    encoding: str
    unit: str
    examples: list[str]
    mean_length: float


class Kept(TypedDict, total=False):
    """The table or the lines that an inspection has read, so that they need not be read twice."""

    table: Table
    lines: Texts
    line_labels: list[str] | None
