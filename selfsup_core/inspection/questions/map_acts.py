"""What is made of a map's points: files of them, the map as one page, labels for the data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.kinds import MapAsk, about_map
from selfsup_core.inspection.space.asked import Asked
from selfsup_core.inspection.space.colors import color_points
from selfsup_core.settings import setting
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import counted

if TYPE_CHECKING:
    from selfsup_core.figures.space import Legend


class ExportAsk(MapAsk):
    """A file of points."""

    target: str = setting(..., "Path of the file.", title="Target")
    kind: str = setting(..., "csv, parquet or npz.", title="Kind")
    bits: str = setting("", "Points: one bit each, in base64; all unless given.", title="Points")


class HtmlAsk(MapAsk):
    """A page of its own."""

    target: str = setting(..., "Path of the file.", title="Target")
    by: str = setting("", "What points are colored by.", title="Color by")


class RelabelAsk(MapAsk):
    """What the data are told."""

    bits: str = setting(..., "Points: one bit each, in base64.", title="Points")
    label: str = setting(..., "A class, or a new name.", title="Label")
    how: Literal["version", "leave-out", "hand"] = setting(
        ...,
        "A new version of the data with this label, one without the rows, or labels by hand.",
        title="How",
        titles={"version": "New version", "leave-out": "Leave out", "hand": "Labels by hand"},
    )


@about_map("export", ExportAsk)
def export(asked: Asked, ask: ExportAsk) -> Answer:
    """Write points as CSV, Parquet or NPZ: row, label, text or columns, place on the map, vectors (not in
    CSV).
    """
    from selfsup_core.export.space import Columns, write_points

    mask = asked.chosen(ask.bits)
    rows = asked.rows[mask]
    columns: Columns = {"row": rows, "label": [asked.name_of(int(p)) for p in np.flatnonzero(mask)]}
    columns |= {axis: asked.points[mask, i] for i, axis in enumerate("xyz"[: asked.points.shape[1]])}
    for name, (codes, names) in asked.categories.items():
        if name != "class":
            columns[name] = [names[int(c)] if c >= 0 else "" for c in codes[mask]]
    columns |= {name: values[mask] for name, values in asked.numbers.items()}
    texts = asked.space.texts(rows)
    if texts is not None:
        columns["text"] = texts
    write_points(Path(ask.target), ask.kind, columns, asked.x[mask])
    return Answer(about={"file": ask.target, "rows": len(rows)})


COLORS = {
    "class": tr_later("class"),
    "split": tr_later("split"),
    "density": tr_later("density"),
    "kept neighbors": tr_later("kept neighbors"),
}
PARTS = {
    "training": tr_later("training"),
    "validation": tr_later("validation"),
    "test": tr_later("test"),
}


@about_map("html", HtmlAsk)
def html(asked: Asked, ask: HtmlAsk) -> Answer:
    """Write the map as one HTML file that opens offline."""
    from selfsup_core.export.html_map import write_html_map

    chosen = color_points(asked, ask.by or next(iter(asked.categories), "density"))
    whole = asked.space.texts(asked.rows)
    texts = [t[:300] for t in whole] if whole is not None else [asked.space.text(int(r)) for r in asked.rows]
    labels = [asked.name_of(p) for p in range(len(asked.rows))]
    size = write_html_map(
        Path(ask.target),
        title=" · ".join(tr(part) for part in asked.about["title"].split(" · ")),
        points=asked.points[:, :2],
        codes=chosen.arrays["codes"],
        legend=told(cast("Legend", chosen.about)),
        rows=asked.rows,
        labels=labels,
        texts=texts,
        pictures=lambda rows: asked.space.images(rows),
        about=describe_map(asked),
    )
    return Answer(about={"file": ask.target, "bytes": size, "rows": len(asked.rows)})


def told(legend: Legend) -> Legend:
    """A legend whose own words are in the reader's language; classes and columns keep their names."""
    names = legend.get("names", [])
    said: Legend = {**legend, "by": tr(COLORS[legend["by"]]) if legend["by"] in COLORS else legend["by"]}
    if names:
        said["names"] = (
            [tr(PARTS[name]) if name in PARTS else name for name in names]
            if legend["by"] == "split"
            else names
        )
    return said


def describe_map(asked: Asked) -> str:
    about = {
        "kind": asked.config.kind.upper(),
        "rows": counted(len(asked.rows), "row"),
        "width": asked.about["width"],
    }
    if asked.epoch is None:
        return tr("{kind} of {rows}, {width} numbers each").format(**about)
    return tr("{kind} of {rows}, {width} numbers each, epoch {epoch}").format(**about, epoch=asked.epoch)


@about_map("relabel", RelabelAsk)
def relabel(asked: Asked, ask: RelabelAsk) -> Answer:
    """Act on the data: how "version" gives the rows a label in a new version, "leave-out" leaves them out of
    one, "hand" makes labels by hand of them, from which the next pseudo-label run learns.

    Raises:
        DataError: rows are not rows of data, or there is no such class.
    """
    from selfsup_core.data.library.own import act_on_rows
    from selfsup_core.pseudo.hand import add_hand_label

    rows = asked.rows[asked.mask(ask.bits)]
    source, workspace = asked.space.source, asked.spaces.workspace
    if not source:
        raise DataError(tr("Tokens are not rows of a data set."), code="no-rows")
    if ask.how == "hand":
        if ask.label not in asked.space.classes:
            raise DataError(
                tr("There is no class {label!r} in these data.").format(label=ask.label),
                code="no-class",
                remedy=f"Classes: {', '.join(asked.space.classes[:20])}.",
            )
        number = asked.space.classes.index(ask.label)
        for row in rows:
            made = add_hand_label(workspace, source, int(row), number)
        return Answer(about={"source": source, "rows": len(rows), "labels": made})
    name = act_on_rows(workspace, source, rows.tolist(), None if ask.how == "leave-out" else ask.label)
    return Answer(about={"source": name, "rows": len(rows)})
