"""The plan of an import: what files hold and how they are to be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np

from selfsup_core.data.details import ColumnAbout, TableFound
from selfsup_core.data.importing.annotated import Annotated
from selfsup_core.data.importing.array_files import Arrays
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.layout import Layout
from selfsup_core.data.importing.pixels import Pixels
from selfsup_core.data.importing.table import Table
from selfsup_core.data.importing.tones import ToneAbout
from selfsup_core.data.questions import Asked
from selfsup_core.data.texts import Texts


class ImportPlan(TypedDict, total=False):
    """What files hold and how they are to be read, in plain values.

    Attributes:
        form: format of the members. aside: {name: reason} of what is set aside, of many images or sounds
        among those looked at.
        kinds: of arrays, what they may be read as, the proposal first.
        classes: rows of the most frequent labels; "" counts those without one.
        parts: rows of each part of the split that the data came with. offers: {where classes may come from:
        their names}, of images and sounds where there is a choice.
        size, color, median: of images: side they are resized to, whether colors stay, median width and
        height.
        tone: of image files, a `Tone` in plain values. transparent: how many of those looked at are.
        volumes: how many files hold several slices.
        seconds, rates: of sounds: length they are cut to, how many have which rate.
        columns, found: of tables: what each column is, and what was found of their format.
        beside, label: of images and sounds with tables beside them: the columns of these, and the one that
        the classes are taken from, "" for none.
        doubtful: of tables: values of the label that may mean that a row has none.
        label_arrays: of arrays: those that may be the label, the chosen one first.
        labels: of tables whose rows have several labels: each single one.
        pixels: of tables that hold, or may hold, images: where.
        shape: of an array's samples. encoding, unit, examples, mean_length: of text files.
    """

    form: str
    files: int
    title: str
    kind: str
    kinds: list[str]
    rows: int
    notes: list[str]
    aside: dict[str, str]
    classes: dict[str, int]
    parts: dict[str, int]
    offers: dict[str, list[str]]
    size: int
    tone: ToneAbout
    transparent: int
    color: bool
    median: list[int]
    volumes: int
    seconds: float
    rates: dict[str, int]
    columns: list[ColumnAbout]
    found: TableFound
    beside: list[str]
    label: str
    doubtful: list[str]
    label_arrays: list[str]
    labels: list[str]
    pixels: Pixels
    shape: list[int]
    encoding: str
    unit: str
    examples: list[str]
    mean_length: float


@dataclass
class Sorted:
    """Members of an upload, sorted out.

    Attributes:
        form: their format. beside: tables lying beside images or sounds. aside: {name: reason}.
        volumes: how many of them hold several slices. notes: what was decided.
        offers: {where classes may come from: their names}, beside what names and folders offer.
        annotated: boxes of the images, of files beside them.
    """

    form: str
    members: list[Member]
    beside: list[Member]
    aside: dict[str, str]
    volumes: int = 0
    notes: list[str] = field(default_factory=list)
    offers: dict[str, list[str]] = field(default_factory=dict)
    annotated: Annotated | None = None


class Kept(TypedDict, total=False):
    """What an inspection has read, so that it need not be read twice."""

    sorted: Sorted
    arrays: Arrays
    table: Table
    layout: Layout
    lines: Texts
    questions: list[Asked]
    line_labels: list[str] | None
    line_parts: np.ndarray | None
