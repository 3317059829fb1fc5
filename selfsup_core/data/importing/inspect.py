"""What is in these files? A plan that a person sees, may change, and that `build` then follows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any, TypedDict

import numpy as np

from selfsup_core.data.importing.arrays import label_text, read_arrays
from selfsup_core.data.importing.columns import ColumnAbout, choose_label, describe_column
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.decode import decode
from selfsup_core.data.importing.files import Member, identify, open_files
from selfsup_core.data.importing.images import (
    choose_size,
    class_depth,
    class_of,
    look_at_images,
    open_image,
)
from selfsup_core.data.importing.sounds import read_header
from selfsup_core.data.importing.table import Table
from selfsup_core.data.importing.tables import read_table
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError

TABLES = ("csv", "jsonl", "parquet")
FORM_NAMES = {
    "csv": "table",
    "jsonl": "JSON lines",
    "parquet": "Parquet",
    "npy": "NumPy array",
    "idx": "IDX",
    "image": "images",
    "wav": "WAV sounds",
    "txt": "text lines",
}


class ImportPlan(TypedDict, total=False):
    """What files hold and how they are to be read, in plain values.

    Attributes:
        form: format of the members. aside: {name: reason} of what was set aside.
        classes: rows of the most frequent labels; "" counts those without one.
        size, color, median: of images: side they are resized to, whether colors stay, median width and height.
        seconds, rates: of sounds: length they are cut to, how many have which rate.
        columns, found: of tables: what each column is, and what was found of their format.
        shape: of an array's samples. encoding, examples, mean_length: of text lines.
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
    examples: list[str]
    mean_length: float


class Kept(TypedDict, total=False):
    """The table that an inspection has read, so that it need not be read twice."""

    table: Table


def sort_out(paths: list[Path]) -> tuple[str, list[Member], list[Member], dict[str, str]]:
    """(format, its members, tables lying beside images or sounds, {name: reason} of what was set aside).

    Raises:
        DataError: nothing to read, or kinds that do not belong together.
    """
    members = open_files(paths)
    found: dict[str, list[Member]] = {}
    aside: dict[str, str] = {}
    for member in members:
        try:
            form = identify(member.name, member.head())
            if form in ("zip", "gz"):
                raise DataError(
                    f"{member.name} is packed twice.",
                    code="archive-nested",
                    remedy="Unpack the inner archive first.",
                )
        except DataError as error:
            if len(members) == 1:
                raise
            aside[member.name] = error.message
            continue
        found.setdefault(form, []).append(member)
    if not found:
        raise DataError(
            f"Nothing in {paths[0].name} can be read; the first: {next(iter(aside.values()))}",
            code="nothing-readable",
            remedy="See the list of formats.",
        )
    beside = []
    for main in ("image", "wav"):
        if main in found:
            beside = [m for form in TABLES for m in found.pop(form, [])]
            for form in [f for f in found if f != main]:  # a README beside the images
                aside |= {m.name: "not one of the samples" for m in found.pop(form)}
            return main, found[main], beside, aside
    if set(found) & {"npy", "idx"} and not set(found) & set(TABLES):
        for form in set(found) - {"npy", "idx"}:
            aside |= {m.name: "not an array" for m in found.pop(form)}
        return "npy", [m for form in ("npy", "idx") for m in found.get(form, [])], [], aside
    if len(found) > 1 and "txt" in found:
        aside |= {m.name: "not a table" for m in found.pop("txt")}
    if len(found) > 1:
        kinds = ", ".join(FORM_NAMES.get(form, form) for form in found)
        raise DataError(
            f"These files are of different kinds: {kinds}.",
            code="mixed-kinds",
            remedy="Upload one kind at a time.",
        )
    ((form, kept),) = found.items()
    return form, kept, beside, aside


def inspect_files(paths: list[Path], config: ImportConfig, keep: Kept | None = None) -> ImportPlan:
    """A plan as plain values.

    Args:
        keep: is given the table that was read, so that it need not be read twice.

    Returns: {"form", "kind", "rows", "notes", "aside", and by kind: "columns" | "size", "color", "median" |
        "seconds", "classes"}.

    Raises:
        DataError: nothing here can be imported.
    """
    form, members, beside, aside = sort_out(paths)
    check_kind(paths[0].name, form, config)
    plan: ImportPlan = {"form": form, "files": len(members), "notes": [], "aside": aside}
    plan["title"] = PurePosixPath(paths[0].name).name.split(".")[0] or "data"
    if form == "image":
        return plan | look_at_image_files(members, beside, config)
    if form == "wav":
        return plan | look_at_sounds(members)
    if form == "npy":
        x, y, notes = read_arrays(members)
        kind = "image" if x.ndim > 2 else "table"
        if config.kind not in ("auto", kind):
            raise DataError(
                f"An array of {x.shape} cannot be read as {config.kind}.",
                code="wrong-kind",
                remedy=f"It can be read as {kind}.",
            )
        plan |= {"kind": kind, "rows": len(x), "notes": notes, "shape": list(x.shape[1:])}
        plan["classes"] = count_labels([label_text(v) for v in y.tolist()] if y is not None else [])
        if kind == "image":
            plan["size"] = config.size or (
                x.shape[1]
                if x.shape[1] == x.shape[2] and x.shape[1] <= 64
                else choose_size([(x.shape[1], x.shape[2])])
            )
            plan["color"] = x.ndim == 4 and x.shape[-1] == 3
        return plan
    if form == "txt":
        lines, encoding, notes = read_lines(members, config)
        lengths = [len(line) for line in lines]
        return plan | {
            "kind": "text",
            "rows": len(lines),
            "notes": notes,
            "encoding": encoding,
            "classes": {},
            "examples": lines[:5],
            "mean_length": float(np.mean(lengths)),
        }
    table = read_table(members, config)
    if keep is not None:
        keep["table"] = table
    described = choose_label(
        [describe_column(name, cells) for name, cells in zip(table.names, table.columns, strict=True)]
    )
    columns = apply_roles([c.as_dict() for c in described], config)
    kind = config.kind if config.kind != "auto" else table_kind(columns)
    plan |= {"kind": kind, "rows": len(table), "columns": columns, "found": table.found}
    plan["notes"] = table.notes + [
        f"{c['name']}: {c['missing']} cells became missing."
        for c in columns
        if c["role"] == "numeric" and c["missing"]
    ]
    label = next((c["name"] for c in columns if c["role"] == "label"), None)
    plan["classes"] = count_labels(table.columns[table.names.index(label)].to_pylist() if label else [])
    return plan


def check_kind(name: str, form: str, config: ImportConfig) -> None:
    """Raises DataError when files of this format cannot be read as the kind that is asked for."""
    possible = {
        "image": ("image",),
        "wav": ("sound",),
        "txt": ("text",),
        "npy": ("image", "table"),
    }.get(form, ("table", "text"))
    if config.kind not in ("auto", *possible):
        raise DataError(
            f"{name} holds {FORM_NAMES[form]}, which cannot be read as {config.kind}.",
            code="wrong-kind",
            remedy=f"Choose {' or '.join(possible)}.",
        )


def table_kind(columns: list[ColumnAbout]) -> str:
    """Text where a column holds text and few others hold numbers."""
    numbers = sum(c["role"] in ("numeric", "category") for c in columns)
    return "text" if any(c["role"] == "text" for c in columns) and numbers < 4 else "table"


def apply_roles(columns: list[ColumnAbout], config: ImportConfig) -> list[ColumnAbout]:
    """The guesses with a person's changes laid over them.

    Raises:
        DataError: a column is named that is not there.
    """
    wanted: dict[str, str] = dict(config.roles)
    for role, name in (("label", config.label), ("text", config.text)):
        if name:
            for c in columns:
                if c["role"] == role and c["name"] != name:
                    wanted.setdefault(c["name"], "ignore")
        if name and name != "-":
            wanted[name] = role
    names = [c["name"] for c in columns]
    for name in wanted:
        if name not in names:
            raise DataError(
                f"There is no column {name!r}. Columns: {', '.join(names[:20])}.",
                code="no-column",
                remedy="Check the name.",
            )
    columns = [{**c, "role": wanted.get(c["name"], c["role"])} for c in columns]
    return [{**c, "reason": "chosen"} if c["name"] in wanted else c for c in columns]


def count_labels(labels: list[str]) -> dict[str, int]:
    """The 100 most frequent labels; "" counts the rows without one."""
    return dict(Counter(labels).most_common(100))


def look_at_image_files(members: list[Member], beside: list[Member], config: ImportConfig) -> ImportPlan:
    if len(members) == 1:
        open_image(members[0])  # says itself what is wrong with it
    sizes, is_color = look_at_images(members)
    if not sizes:
        raise DataError(
            f"None of the images looked at can be read (the first is {members[0].name}).",
            code="no-images",
            remedy="Open them in a viewer and save them again.",
        )
    widths, heights = zip(*sizes, strict=True)
    labels = label_files([m.name for m in members], beside, config)
    return {
        "kind": "image",
        "rows": len(members),
        "size": config.size or choose_size(sizes),
        "color": is_color if config.color == "auto" else config.color == "color",
        "median": [int(np.median(widths)), int(np.median(heights))],
        "classes": count_labels(labels or []),
    }


def label_files(names: list[str], beside: list[Member], config: ImportConfig) -> list[str] | None:
    """Label of each file: from a table beside them, else from the folders; "" for none, None for no labels at all."""
    if beside:
        table = read_table(beside, config)
        bases = {PurePosixPath(name).name: i for i, name in enumerate(names)}
        stems = {PurePosixPath(name).stem: i for i, name in enumerate(names)}
        for place, cells in enumerate(table.columns):
            values = [PurePosixPath(v.replace("\\", "/")).name for v in cells.to_pylist()]
            index = bases if sum(v in bases for v in values) else stems
            if sum(v in index for v in values) < 0.5 * len(values):
                continue
            rest = [i for i in range(len(table.names)) if i != place]
            if not rest:
                break
            columns = choose_label([describe_column(table.names[i], table.columns[i]) for i in rest])
            label = config.label or next(
                (c.name for c in columns if c.role == "label"), table.names[rest[-1]]
            )
            if label not in table.names:
                raise DataError(f"There is no column {label!r}.", code="no-column", remedy="Check it.")
            labels = [""] * len(names)
            marks = table.columns[table.names.index(label)].to_pylist()
            for value, mark in zip(values, marks, strict=True):
                if value in index:
                    labels[index[value]] = mark
            return labels
    depth = class_depth(names)
    return None if depth is None else [class_of(name, depth) for name in names]


def look_at_sounds(members: list[Member]) -> ImportPlan:
    lengths: list[float] = []
    rates: Counter[str] = Counter()
    problem = ""
    for member in members[:: max(1, len(members) // 200)]:
        try:
            channels, rate, seconds = read_header(member)
        except DataError as error:
            problem = problem or error.message
            if len(members) == 1:
                raise
            continue
        lengths.append(seconds)
        rates[f"{rate:,} Hz, {channels} ch."] += 1
    if not lengths:
        raise DataError(
            f"None of the sounds can be read: {problem}", code="no-sounds", remedy="Save them as WAV."
        )
    depth = class_depth([m.name for m in members])
    labels = [] if depth is None else [class_of(m.name, depth) for m in members]
    return {
        "kind": "sound",
        "rows": len(members),
        "seconds": round(min(30.0, float(np.median(lengths))), 2),
        "rates": dict(rates),
        "classes": count_labels(labels),
    }


def read_lines(members: list[Member], config: ImportConfig) -> tuple[list[str], str, list[str]]:
    """One text a line, blank lines left out. Raises DataError."""
    lines, notes, encoding = [], [], ""
    for member in members:
        text, encoding, note = decode(member.name, member.read(), config.encoding)
        notes += [note] if note else []
        raw = text.splitlines()
        for number, line in enumerate(raw, 1):
            if len(line) > LIMITS.line_bytes:
                raise DataError(
                    f"{member.name}, line {number} has over {LIMITS.line_bytes // MB} MB.",
                    code="line-too-long",
                    remedy="Break it into lines.",
                )
        kept = [line.strip() for line in raw if line.strip()]
        if len(kept) < len(raw):
            notes.append(f"{len(raw) - len(kept)} blank lines of {member.name} were left out.")
        lines += kept
    if not lines:
        raise DataError(f"{members[0].name} holds only blanks.", code="no-rows", remedy="Add lines.")
    return lines, encoding, notes
