"""What is made of a map's points: files of them, the map as one page, labels for the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.inspection.registry import Answer
from selfsup_core.inspection.space.questions import Asked, color


def export(asked: Asked, target: str, kind: str, bits: str = "") -> Answer:
    """Write points as CSV, Parquet or NPZ: row, label, text or columns, place on the map, vectors (not in CSV)."""
    from selfsup_core.export.space import write_points

    mask = asked.mask(bits) if bits else np.ones(len(asked.rows), bool)
    rows = asked.rows[mask]
    columns: dict[str, Any] = {"row": rows, "label": [asked.name_of(int(p)) for p in np.flatnonzero(mask)]}
    columns |= {axis: asked.points[mask, i] for i, axis in enumerate("xyz"[: asked.points.shape[1]])}
    for name, (codes, names) in asked.categories.items():
        if name != "class":
            columns[name] = [names[int(c)] if c >= 0 else "" for c in codes[mask]]
    columns |= {name: values[mask] for name, values in asked.numbers.items()}
    texts = asked.subject.texts(rows)
    if texts is not None:
        columns["text"] = texts
    write_points(Path(target), kind, columns, asked.x[mask])
    return Answer(about={"file": target, "rows": len(rows)})


def html(asked: Asked, target: str, by: str = "", bits: str = "") -> Answer:
    """Write the map as one HTML file that opens offline."""
    from selfsup_core.export.html_map import write_html_map

    chosen = color(asked, by or next(iter(asked.categories), "density"))
    whole = asked.subject.texts(asked.rows)
    texts = (
        [t[:300] for t in whole] if whole is not None else [asked.subject.text(int(r)) for r in asked.rows]
    )
    labels = [asked.name_of(p) for p in range(len(asked.rows))]
    size = write_html_map(
        Path(target),
        title=asked.about["title"],
        points=asked.points[:, :2],
        codes=chosen.arrays["codes"],
        legend=chosen.about,
        rows=asked.rows,
        labels=labels,
        texts=texts,
        pictures=lambda rows: asked.subject.images(rows),
        about=f"{asked.config.kind.upper()} of {len(asked.rows):,} rows, {asked.about['width']} numbers each"
        + (f", epoch {asked.epoch}" if asked.epoch is not None else ""),
    )
    return Answer(about={"file": target, "bytes": size, "rows": len(asked.rows)})


def relabel(asked: Asked, bits: str, label: str, how: str) -> Answer:
    """Act on the data: how "version" gives the rows a label in a new version, "leave-out" leaves them out of one, "hand" makes
    labels by hand of them, from which the next pseudo-label run learns.

    Raises:
        DataError: rows are no rows of data, or there is no such class.
    """
    from selfsup_core.data.library.own import act_on_rows
    from selfsup_core.pseudo.hand import add_hand_label

    rows = asked.rows[asked.mask(bits)]
    source, workspace = asked.subject.source, asked.spaces.workspace
    if not source:
        raise DataError("Tokens are no rows of a data set.", code="no-rows")
    if how == "hand":
        if label not in asked.subject.classes:
            raise DataError(
                f"There is no class {label!r} in these data.",
                code="no-class",
                remedy=f"Classes: {', '.join(asked.subject.classes[:20])}.",
            )
        number = asked.subject.classes.index(label)
        for row in rows:
            made = add_hand_label(workspace, source, int(row), number)
        return Answer(about={"source": source, "rows": len(rows), "labels": made})
    name = act_on_rows(workspace, source, rows.tolist(), None if how == "leave-out" else label)
    return Answer(about={"source": name, "rows": len(rows)})


ACTS: dict[str, Callable[..., Answer]] = {"export": export, "html": html, "relabel": relabel}
