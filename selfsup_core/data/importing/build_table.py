"""Tables → data sets: texts, images of pixels in columns, or numbers and categories."""

from __future__ import annotations

import json

import numpy as np

from selfsup_core.data.details import Details
from selfsup_core.data.importing.arrays import as_pixels
from selfsup_core.data.importing.columns import NO_LEVEL, holds_files
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.fixes import as_kind
from selfsup_core.data.importing.labels import read_labels
from selfsup_core.data.importing.made import BuildPlan, Made
from selfsup_core.data.importing.numbers import as_days, as_numbers, find_date_format
from selfsup_core.data.importing.own_exports import holds_vectors
from selfsup_core.data.importing.pairs import translation_of
from selfsup_core.data.importing.pixels import read_pixels
from selfsup_core.data.importing.questions import questions_in
from selfsup_core.data.importing.squares import resize
from selfsup_core.data.importing.table import Table, check_decoded
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.settings import short
from selfsup_core.translation import tr

KEPT_CELLS = 500_000  # of a table, kept as they were read: those of its first rows
LEAST_KEPT = 200  # rows, however many columns there are
MOST_LETTERS = 200  # of such a cell
ESCAPED = r'["\\\x00-\x1f]'  # by JSON
ENCODE = json.JSONEncoder(ensure_ascii=False).encode


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
    labels = read_labels(by_name[label], config) if label else None
    details: Details = {"columns": plan["columns"], "label": label, "found": plan["found"]}
    if plan["kind"] == "text":
        text = next((name for name, c in roles.items() if c["role"] == "text"), None)
        if text is None:
            raise DataError(
                tr("No column holds text. Columns: {roles}.").format(roles=", ".join(list(roles)[:20])),
                code="no-text",
                remedy=tr("Choose the text column, or the kind table."),
                fix=as_kind("table"),
            )
        if asked := questions_in(roles, by_name, text):
            return {**asked, "details": details | {"text": text} | asked["details"]}
        if pairs := translation_of(roles, by_name, text):
            return {**pairs, "labels": labels, "details": details | {"text": text}}
        return {
            "kind": "text",
            "x": Texts.from_arrow(by_name[text]),
            "labels": labels,
            "details": details | {"text": text},
            "steps": tr("text from column {text!r}").format(text=text),
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
            held = table.values.get(name)
            values = as_numbers(cells, about["decimal_comma"], about["dressed"]) if held is None else held
            parts.append(np.where(np.isfinite(values), values, np.nan).astype(np.float32)[:, None])
            columns.append(name)
        elif about["role"] == "date" and (form := about["date_format"] or find_date_format(cells)):
            days, origin = as_days(cells, form)
            parts.append(days.astype(np.float32)[:, None])
            about |= {"date_format": form, "date_origin": origin}
            columns.append(name)
            notes.append(tr("{name} is in days since its first date.").format(name=name))
        elif about["role"] == "category":
            levels, codes = np.unique(
                np.array(cells.to_pylist(), dtype=object).astype(str), return_inverse=True
            )
            if len(levels) > 500:
                raise DataError(
                    tr("Column {name!r} has {count:,} categories; at most 500.").format(
                        name=name, count=len(levels)
                    ),
                    code="too-many-categories",
                    remedy=tr("Ignore it, or merge rare values."),
                )
            used = [i for i, level in enumerate(levels) if level.strip().lower() not in NO_LEVEL]
            width = len(columns) + len(used)
            check_decoded(
                tr("{count:,} rows of {width:,} columns, categories one-hot,").format(
                    count=len(cells), width=width
                ),
                4 * len(cells) * width,
                tr("Ignore columns with many categories, as {name}.").format(name=short(name, 40)),
            )
            parts.append((codes.reshape(-1)[:, None] == np.array(used)[None, :]).astype(np.float32))
            columns += [f"{name}={levels[i]}" for i in used]
    if not columns and (files := [n for n, c in roles.items() if holds_files(c["examples"])]):
        raise DataError(
            tr(
                "The table only says of files what they are: {files} names files "
                "({examples}), which are not here."
            ).format(files=files[0], examples=roles[files[0]]["examples"][0]),
            code="files-missing",
            remedy=tr("Put the files and this table into one ZIP file, and import that."),
        )
    if not columns:
        raise DataError(
            tr("No column holds numbers or categories."),
            code="no-columns",
            remedy=tr("Choose a role for at least one column."),
            fix=as_kind("text") if any(c["role"] == "text" for c in roles.values()) else None,
        )
    if len(columns) > 10_000:
        raise DataError(
            tr("{count:,} columns after one-hot coding; at most 10,000.").format(count=len(columns)),
            code="too-many-columns",
            remedy=tr("Ignore columns with many categories."),
        )
    left = [
        f"{n} ({c['role']}: {c['reason']})"
        for n, c in roles.items()
        if c["role"] in ("id", "date", "ignore", "text") and n not in columns
    ]
    if left:
        notes.append(tr("Left out: ") + "; ".join(left[:10]) + ("; …" if len(left) > 10 else "."))
    return {
        "kind": "table",
        "x": np.concatenate(parts, axis=1),
        "columns": tuple(columns),
        "labels": labels,
        "details": details | {"cells": list(table.names)},
        "extra": {"cells": cells_as_read, **kept_beside},
        "notes": notes,
        "steps": tr("categories one-hot; numbers are scaled when a run starts, from its training rows"),
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
    notes += (
        [tr("Left out: {left} (not part of the image).").format(left=", ".join(left[:10]))] if left else []
    )
    return {
        "kind": "image",
        "x": images,
        "scale": 1 / 255,
        "labels": read_labels(cells, config) if cells else None,
        "notes": notes,
        "details": {"label": label, "found": plan["found"]},
        "steps": tr("table of pixels, images of {size} × {size}").format(size=size),
    }


def first_cells(table: Table) -> Texts:
    """The first rows' cells as they are in the file, a JSON list a row; "" for all other rows.

    They are kept with the rows, so that what a row was read from is still beside it when others are left out.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    most = max(LEAST_KEPT, KEPT_CELLS // len(table.columns))
    head = []
    for name, column in zip(table.names, table.columns, strict=True):
        if name in table.values:  # digits need no escape
            head.append(column[:most])
            continue
        cells = pc.utf8_slice_codeunits(column[:most], 0, MOST_LETTERS)
        if pc.any(pc.match_substring_regex(pc.unique(cells), ESCAPED)).as_py():
            cells = pa.array((ENCODE(cell)[1:-1] for cell in cells.to_pylist()), pa.string())
        head.append(cells)
    lines = pc.binary_join_element_wise('["', pc.binary_join_element_wise(*head, '", "'), '"]', "")
    kept = Texts.from_arrow(lines)
    rest = np.full(len(table) - len(kept), kept.ends[-1], np.int64)
    return Texts(kept.blob, np.concatenate([kept.ends, rest]))
