"""What is in these files? A plan that a person sees, may change, and that `build` then follows."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np

from selfsup_core.data.importing.arrays import label_text, read_arrays
from selfsup_core.data.importing.columns import ColumnAbout, choose_label, describe_column
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member, identify, open_files
from selfsup_core.data.importing.images import (
    choose_size,
)
from selfsup_core.data.importing.look import count_labels, look_at_image_files, look_at_sounds, read_lines
from selfsup_core.data.importing.media import unpack_media
from selfsup_core.data.importing.plan import ImportPlan, Kept
from selfsup_core.data.importing.prose import choose_unit, read_blocks
from selfsup_core.data.importing.tables import read_table
from selfsup_core.errors import DataError

TABLES = ("csv", "jsonl", "parquet")


FORM_NAMES = {
    "csv": "table",
    "jsonl": "JSON",
    "parquet": "Parquet",
    "npy": "NumPy array",
    "idx": "IDX",
    "image": "images",
    "wav": "sounds",
    "txt": "text",
}


def sort_out(paths: list[Path]) -> tuple[str, list[Member], list[Member], dict[str, str]]:
    """(format, its members, tables lying beside images or sounds, {name: reason} of what was set aside).

    Raises:
        DataError: nothing to read, or kinds that do not belong together.
    """
    members = [inner for member in open_files(paths) for inner in unpack_media(member)]
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
            # A .json beside samples says something of the whole set, seldom a row of each.
            aside |= {m.name: "not one of the samples" for m in beside if m.suffix == ".json"}
            beside = [m for m in beside if m.suffix != ".json"]
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
        keep: is given the table or the lines that were read, so that they need not be read twice.

    Returns: {"form", "kind", "rows", "notes", "aside", and by kind: "columns" | "size", "color", "median" |
        "seconds", "classes"}.

    Raises:
        DataError: nothing here can be imported.
    """
    form, members, beside, aside = sort_out(paths)
    check_kind(paths[0].name, form, config)
    plan: ImportPlan = {"form": form, "files": len(members), "notes": [], "aside": aside}
    plan["title"] = PurePosixPath(paths[0].name).name.split(".")[0] or "data"
    if form in ("image", "wav"):
        is_image = form == "image"
        found = look_at_image_files(members, beside, config) if is_image else look_at_sounds(members)
        return plan | found | {"aside": aside | found["aside"]}
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
        unit = choose_unit(members, config)
        labels = None
        if unit == "lines":
            lines, encoding, notes = read_lines(members, config)
        else:
            lines, encoding, notes, labels = read_blocks(members, config, unit)
        if keep is not None:
            keep["lines"], keep["line_labels"] = lines, labels
        letters = np.count_nonzero((lines.blob & 0xC0) != 0x80)  # the other bytes go on with a letter
        return plan | {
            "kind": "text",
            "rows": len(lines),
            "notes": notes,
            "encoding": encoding,
            "unit": unit,
            "classes": count_labels(labels or []),
            "examples": [lines[i] for i in range(min(5, len(lines)))],
            "mean_length": letters / len(lines),
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
        f"{c['name']}: {c['missing']:,} {'cell' if c['missing'] == 1 else 'cells'} became missing."
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
