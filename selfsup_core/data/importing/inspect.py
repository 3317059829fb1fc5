"""What is in these files? A plan that a person sees, may change, and that `build` then follows."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np

from selfsup_core.data.importing.columns import ColumnAbout, choose_label, describe_column
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member, identify, open_files
from selfsup_core.data.importing.images import (
    choose_size,
)
from selfsup_core.data.importing.look import count_labels, look_at_image_files, look_at_sounds, read_lines
from selfsup_core.data.importing.parts import read_arrays
from selfsup_core.data.importing.plan import ImportPlan, Kept
from selfsup_core.data.importing.tables import read_table
from selfsup_core.data.splits import PARTS
from selfsup_core.errors import DataError

ARRAYS = ("npy", "idx", "cifar")
TABLES = ("csv", "jsonl", "parquet")


FORM_NAMES = {
    "csv": "table",
    "jsonl": "JSON lines",
    "parquet": "Parquet",
    "npy": "NumPy array",
    "idx": "IDX",
    "cifar": "CIFAR records",
    "image": "images",
    "wav": "WAV sounds",
    "txt": "text lines",
}


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
    if set(found) & set(ARRAYS) and not set(found) & set(TABLES):
        for form in set(found) - set(ARRAYS):
            aside |= {m.name: "not an array" for m in found.pop(form)}
        return "npy", [m for form in ARRAYS for m in found.get(form, [])], [], aside
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
    plan["notes"] = list(dict.fromkeys(note for m in [*members, *beside] for note in m.notes))
    plan["title"] = PurePosixPath(paths[0].name).name.split(".")[0] or "data"
    if form in ("image", "wav"):
        look = look_at_image_files if form == "image" else look_at_sounds
        found = look(members, beside, config)
        notes = plan["notes"] + found["notes"]
        return plan | found | {"aside": aside | found["aside"], "notes": notes}
    if form == "npy":
        made = read_arrays(members, config)
        x = made.x
        kind = made.kinds[0]
        if config.kind not in ("auto", kind):
            raise DataError(
                f"An array of {x.shape} cannot be read as {config.kind}.",
                code="wrong-kind",
                remedy=f"It can be read as {kind}.",
            )
        plan |= {"kind": kind, "kinds": list(made.kinds), "rows": len(x), "shape": list(x.shape[1:])}
        plan |= {"notes": plan["notes"] + made.notes, "aside": aside | made.aside}
        plan["classes"] = count_labels(made.labels or [])
        if made.parts is not None:
            counts = np.bincount(made.parts, minlength=len(PARTS)).tolist()
            plan["parts"] = dict(zip(PARTS, counts, strict=True))
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
        if keep is not None:
            keep["lines"] = lines
        letters = np.count_nonzero((lines.blob & 0xC0) != 0x80)  # the other bytes go on with a letter
        return plan | {
            "kind": "text",
            "rows": len(lines),
            "notes": notes,
            "encoding": encoding,
            "classes": {},
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
