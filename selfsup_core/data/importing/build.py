"""Files and a plan → Dataset. What was decided, and why, is kept in `details`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Required, TypedDict

import numpy as np

from selfsup_core.data.dataset import Dataset, Kind
from selfsup_core.data.groups import find_groups
from selfsup_core.data.importing.arrays import as_pixels
from selfsup_core.data.importing.beside import label_files
from selfsup_core.data.importing.columns import MOST_CLASSES, NO_LEVEL, holds_files
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.images import Tone, make_square, read_images
from selfsup_core.data.importing.inspect import inspect_files
from selfsup_core.data.importing.labels import read_labels
from selfsup_core.data.importing.numbers import as_days, as_numbers, find_date_format
from selfsup_core.data.importing.own_exports import holds_vectors
from selfsup_core.data.importing.parts import read_arrays
from selfsup_core.data.importing.pixels import read_pixels
from selfsup_core.data.importing.plan import ImportPlan, Kept
from selfsup_core.data.importing.sounds import RATE, read_sound
from selfsup_core.data.importing.table import Table, check_decoded
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.settings import short

KEPT_CELLS = 500_000  # of a table, kept as they were read: those of its first rows
LEAST_KEPT = 200  # rows, however many columns there are
LEAST_VOLUMES = 10  # of which each goes to one part of the split as a whole
MOST_LETTERS = 200  # of such a cell


class BuildPlan(ImportPlan, Kept, total=False):
    """A plan, and the table or the lines where they were read."""


class Made(TypedDict, total=False):
    """What one format gives: parts of a `Dataset`, and labels, steps, notes and details to be worked into it.

    Attributes:
        labels: of each row, "" for none; None when there are none at all.
        parts: (N,) the split that the data came with, see `splits.PARTS`; None when there is none.
        groups: (N,) rows that no split may part, where the files say so.
        aside: {name: reason} of members that could not be read.
    """

    kind: Required[Kind]
    x: Required[np.ndarray | Texts]
    labels: Required[list[str] | None]
    steps: Required[str]
    scale: float
    columns: tuple[str, ...]
    parts: np.ndarray | None
    extra: dict[str, np.ndarray | Texts]
    groups: np.ndarray
    aside: dict[str, str]
    notes: list[str]
    details: dict[str, Any]


def build_dataset(paths: list[Path], config: ImportConfig, name: str) -> Dataset:
    """Read everything and make the data set called `name` of it.

    Raises:
        DataError: nothing can be made of these files.
    """
    read: Kept = {}
    plan = inspect_files(paths, config, read)
    found = read["sorted"]
    form, members, beside, aside = found.form, found.members, found.beside, found.aside
    kind = plan["kind"] if config.kind == "auto" else config.kind
    made = MAKERS.get(form, from_table)(members, beside, config, {**plan, **read, "kind": kind})
    aside = aside | made.get("aside", {})
    classes, y = index_labels(made["labels"])
    x = made["x"]
    details = {
        "rows": len(x),
        "shape": [] if isinstance(x, Texts) else list(x.shape[1:]),
        "form": form,
        "notes": plan["notes"] + made.get("notes", []),
        "aside": aside,
        "config": config.model_dump(),
        **made.get("details", {}),
    }
    extra = dict(made.get("extra", {}))
    parts = made.get("parts")
    if parts is not None:
        extra["part"] = parts
    files = ", ".join(path.name for path in paths)
    dataset = Dataset(
        id=name,
        title=config.name or plan["title"],
        y=y,
        classes=classes,
        details=details,
        provenance={"source": f"own files: {files}", "licence": "as the files", "steps": made["steps"]},
        kind=made["kind"],
        x=x,
        scale=made.get("scale", 1.0),
        columns=made.get("columns", ()),
        extra=extra,
    )
    groups = made["groups"] if "groups" in made else find_groups(dataset)
    return replace(dataset, groups=groups)


def index_labels(labels: list[str] | None) -> tuple[tuple[str, ...], np.ndarray | None]:
    """Labels as class names in their natural order, and (N,) indices, -1 for an empty one.

    Raises:
        DataError: as many classes as a column of ids would have.
    """
    if labels is None or not any(labels):
        return (), None
    names = sorted(set(labels) - {""}, key=natural)
    if len(names) > MOST_CLASSES:
        raise DataError(
            f"The label has {len(names):,} different values; at most {MOST_CLASSES:,}.",
            code="too-many-classes",
            remedy="Choose another label column, or none (-).",
        )
    index = {name: i for i, name in enumerate(names)} | {"": -1}
    return tuple(names), np.array([index[label] for label in labels], dtype=np.int32)


def natural(name: str) -> tuple[int, float, str]:
    """2 before 10, numbers before words."""
    try:
        return (0, float(name), name) if float(name) == float(name) else (1, 0.0, name)
    except ValueError:
        return (1, 0.0, name)


def from_images(members: list[Member], beside: list[Member], config: ImportConfig, plan: BuildPlan) -> Made:
    size, color = plan["size"], plan["color"]
    x, kept, sizes, aside = read_images(members, config, size, color, Tone(**plan["tone"]))
    names = [members[place].name for place in kept]
    layout = label_files(names, beside, config)
    how = {"pad": "padded to a square", "crop": "cropped to a square", "stretch": "stretched"}
    made: Made = {
        "kind": "image",
        "x": x,
        "scale": 1 / 255,
        "labels": layout.labels,
        "parts": layout.parts,
        "aside": aside,
        "extra": {"names": Texts.pack(names), "sizes": sizes},
        "steps": f"{how[config.fit]}, resized to {size} × {size}, {'color' if color else 'gray'}",
    }
    volumes = [members[place].volume for place in kept]
    if len(set(volumes)) >= LEAST_VOLUMES:
        # The first row of the same volume; an image that is no slice stands alone.
        first = {volume: place for place, volume in reversed(list(enumerate(volumes)))}
        made["groups"] = np.array([first[v] if v else place for place, v in enumerate(volumes)])
        made["details"] = {"grouped_by": "volume"}
    return made


def from_sounds(members: list[Member], beside: list[Member], config: ImportConfig, plan: BuildPlan) -> Made:
    from selfsup_core.data.logmel import log_mel

    seconds = min(30.0, max(0.05, config.seconds or plan["seconds"]))
    check_decoded(
        f"{len(members):,} sounds of {seconds:g} s",
        2 * len(members) * round(seconds * RATE),
        "Choose a shorter sound length, or take a sample.",
    )
    audio: list[np.ndarray] = []
    pictures: list[np.ndarray] = []
    names: list[str] = []
    aside: dict[str, str] = {}
    for member in members:
        try:
            sound = read_sound(member, seconds)
        except DataError as error:
            aside[member.name] = error.message
            continue
        audio.append(sound)
        pictures.append(log_mel(sound.astype(np.float32) / 32767, RATE))
        names.append(member.name)
    if not audio:
        raise DataError(
            f"None of {len(members)} sounds can be read; the first: {next(iter(aside.values()))}",
            code="no-sounds",
            remedy="Save them as WAV.",
        )
    layout = label_files(names, beside, config)
    return {
        "kind": "sound",
        "x": np.stack(pictures),
        "scale": 1 / 255,
        "aside": aside,
        "labels": layout.labels,
        "parts": layout.parts,
        "extra": {"names": Texts.pack(names), "audio": np.stack(audio)},
        "details": {"rate": RATE, "seconds": seconds},
        "steps": f"mono, {RATE // 1000} kHz, cut or padded to {seconds:g} s, log-mel spectrogram 32 × 32",
    }


def from_lines(members: list[Member], beside: list[Member], config: ImportConfig, plan: BuildPlan) -> Made:
    return {
        "kind": "text",
        "x": plan["lines"],
        "labels": plan["line_labels"],
        "parts": plan["line_parts"],
        "steps": f"one text per {plan['unit'][:-1]}",
    }


def from_arrays(members: list[Member], beside: list[Member], config: ImportConfig, plan: BuildPlan) -> Made:
    found = read_arrays(members, config, beside)
    x = found.x
    beside_x = {"names": found.names, "ids": found.ids}
    names: dict[str, np.ndarray | Texts] = {k: Texts.pack(v) for k, v in beside_x.items() if v}
    if x.ndim > 2:
        pixels, notes = as_pixels(x)
        size = plan["size"]
        if pixels.shape[1:3] != (size, size) or (config.color == "gray" and pixels.ndim == 4):
            pixels = resize(pixels, size, config)
        return {
            "kind": "image",
            "x": pixels,
            "scale": 1 / 255,
            "labels": found.labels,
            "parts": found.parts,
            "aside": found.aside,
            "extra": names,
            "notes": notes,
            "steps": f"array of images, {size} × {size}",
        }
    if x.dtype.kind not in "biuf":
        raise DataError("The array holds words, not numbers.", code="bad-array", remedy="Upload it as CSV.")
    values = x.astype(np.float32)
    return {
        "kind": "table",
        "x": np.where(np.isfinite(values), values, np.nan),
        "labels": found.labels,
        "parts": found.parts,
        "aside": found.aside,
        "extra": names,
        "columns": tuple(found.columns or (f"column {i + 1}" for i in range(x.shape[1]))),
        "steps": "array of numbers; columns are scaled when a run starts, from its training rows",
    }


def resize(pixels: np.ndarray, size: int, config: ImportConfig) -> np.ndarray:
    """(N, H, W[, 3]) → (N, size, size[, 3]) bytes."""
    from PIL import Image

    images = (Image.fromarray(picture) for picture in pixels)
    if config.color == "gray":
        images = (image.convert("L") for image in images)
    return np.stack([np.asarray(make_square(image, size, config.fit)) for image in images])


def from_table(members: list[Member], beside: list[Member], config: ImportConfig, plan: BuildPlan) -> Made:
    """Text and table kinds: each column by its role."""
    if plan["kind"] == "image":
        return from_pixels(config, plan)
    table: Table = plan["table"]
    by_name = dict(zip(table.names, table.columns, strict=True))
    cells_as_read = first_cells(table)
    table.columns = []  # each is let go when it has become numbers
    roles = {c["name"]: c for c in plan["columns"]}
    label = next((name for name, c in roles.items() if c["role"] == "label"), None)
    labels = read_labels(by_name[label].to_pylist(), config) if label else None
    details = {"columns": plan["columns"], "label": label, "found": plan["found"]}
    if plan["kind"] == "text":
        text = next((name for name, c in roles.items() if c["role"] == "text"), None)
        if text is None:
            raise DataError(
                f"No column holds text. Columns: {', '.join(list(roles)[:20])}.",
                code="no-text",
                remedy="Choose the text column, or the kind table.",
            )
        return {
            "kind": "text",
            "x": Texts.pack(by_name[text].to_pylist()),
            "labels": labels,
            "details": details | {"text": text},
            "steps": f"text from column {text!r}",
        }
    parts, columns, notes = [], [], []
    kept_beside = {}
    if holds_vectors(roles):  # what they stand for stays with them
        for role, kept_as in (("text", "names"), ("id", "ids")):
            if found := next((name for name, c in roles.items() if c["role"] == role), None):
                kept_beside[kept_as] = Texts.pack(by_name[found].to_pylist())
    for name, about in roles.items():
        cells = by_name.pop(name)
        if about["role"] == "numeric":
            values = as_numbers(cells, about["decimal_comma"], about["dressed"])
            parts.append(values.astype(np.float32)[:, None])
            columns.append(name)
        elif about["role"] == "date" and (form := about["date_format"] or find_date_format(cells)):
            parts.append(as_days(cells, form).astype(np.float32)[:, None])
            columns.append(name)
            notes.append(f"{name} is in days since its first date.")
        elif about["role"] == "category":
            levels, codes = np.unique(
                np.array(cells.to_pylist(), dtype=object).astype(str), return_inverse=True
            )
            if len(levels) > 500:
                raise DataError(
                    f"Column {name!r} has {len(levels):,} categories; at most 500.",
                    code="too-many-categories",
                    remedy="Ignore it, or merge rare values.",
                )
            used = [i for i, level in enumerate(levels) if level.strip().lower() not in NO_LEVEL]
            width = len(columns) + len(used)
            check_decoded(
                f"{len(cells):,} rows of {width:,} columns, categories one-hot,",
                4 * len(cells) * width,
                f"Ignore columns with many categories, as {short(name, 40)}.",
            )
            parts.append((codes.reshape(-1)[:, None] == np.array(used)[None, :]).astype(np.float32))
            columns += [f"{name}={levels[i]}" for i in used]
    if not columns and (files := [n for n, c in roles.items() if holds_files(c["examples"])]):
        raise DataError(
            f"The table only says of files what they are: {files[0]} names files "
            f"({roles[files[0]]['examples'][0]}), which are not here.",
            code="files-missing",
            remedy="Put the files and this table into one ZIP file, and import that.",
        )
    if not columns:
        raise DataError(
            "No column holds numbers or categories.",
            code="no-columns",
            remedy="Choose a role for at least one column.",
        )
    if len(columns) > 10_000:
        raise DataError(
            f"{len(columns):,} columns after one-hot coding; at most 10,000.",
            code="too-many-columns",
            remedy="Ignore columns with many categories.",
        )
    left = [
        f"{n} ({c['role']}: {c['reason']})"
        for n, c in roles.items()
        if c["role"] in ("id", "date", "ignore", "text") and n not in columns
    ]
    if left:
        notes.append("Left out: " + "; ".join(left[:10]) + ("; …" if len(left) > 10 else "."))
    return {
        "kind": "table",
        "x": np.concatenate(parts, axis=1),
        "columns": tuple(columns),
        "labels": labels,
        "details": details | {"cells": list(table.names)},
        "extra": {"cells": cells_as_read, **kept_beside},
        "notes": notes,
        "steps": "categories one-hot; numbers are scaled when a run starts, from its training rows",
    }


def from_pixels(config: ImportConfig, plan: BuildPlan) -> Made:
    """A table whose rows are images."""
    table, pixels, size = plan["table"], plan["pixels"], plan["size"]
    named = next((c["name"] for c in plan["columns"] if c["role"] == "label"), pixels["label"])
    label = None if config.label == "-" else named or None
    cells = table.columns[table.names.index(label)].to_pylist() if label else None
    images, notes = as_pixels(read_pixels(table, pixels))
    if images.shape[1] != size or (config.color == "gray" and images.ndim == 4):
        images = resize(images, size, config)
    left = [name for name in table.names if name not in {label, *pixels["columns"]}]
    notes += [f"Left out: {', '.join(left[:10])} (not part of the image)."] if left else []
    return {
        "kind": "image",
        "x": images,
        "scale": 1 / 255,
        "labels": read_labels(cells, config) if cells else None,
        "notes": notes,
        "details": {"label": label, "found": plan["found"]},
        "steps": f"table of pixels, images of {size} × {size}",
    }


def first_cells(table: Table) -> Texts:
    """The first rows' cells as they are in the file, a JSON list a row; "" for all other rows.

    They are kept with the rows, so that what a row was read from is still beside it when others are left out.
    """
    most = max(LEAST_KEPT, KEPT_CELLS // len(table.columns))
    head = [column[:most].to_pylist() for column in table.columns]
    kept = Texts.pack(
        json.dumps([cell[:MOST_LETTERS] for cell in row], ensure_ascii=False)
        for row in zip(*head, strict=True)
    )
    rest = np.full(len(table) - len(kept), kept.ends[-1], np.int64)
    return Texts(kept.blob, np.concatenate([kept.ends, rest]))


MAKERS: dict[str, Callable[[list[Member], list[Member], ImportConfig, BuildPlan], Made]] = {
    "image": from_images,
    "wav": from_sounds,
    "npy": from_arrays,
    "txt": from_lines,
}
