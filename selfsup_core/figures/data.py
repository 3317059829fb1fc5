"""Figures of a data set: label bars, histograms, which rows to show. Arrays in, figures out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.figures.palette import class_color
from selfsup_core.translation import tr
from selfsup_core.wording import local

if TYPE_CHECKING:
    import plotly.graph_objects as go

TEXT = 13  # pixels
MARGIN = {"l": 8, "r": 8, "t": 8, "b": 32}


def label_bars(counts: dict[str, int]) -> go.Figure:
    """One horizontal bar a class with its count written at its end; "" counts rows without a label."""
    import plotly.graph_objects as go

    names = [name or tr("no label") for name in counts]
    values = list(counts.values())
    colors = [class_color(i if name else -1) for i, name in enumerate(counts)]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=[short(name) for name in names],
            orientation="h",
            marker_color=colors,
            text=[local(f"{value:,}") for value in values],
            # On a bar it would have the contrast of its color, and be turned where the bar is short.
            textposition="outside",
            textangle=0,
            textfont_size=TEXT,
            cliponaxis=False,
            hovertext=names,
            hoverinfo="text+x",
        )
    )
    figure.update_layout(margin=MARGIN | {"b": 8}, height=24 + 26 * len(counts), bargap=0.25)
    figure.update_yaxes(autorange="reversed", type="category", automargin=True, tickfont_size=TEXT)
    # The counts stand at the bars; the axis leaves room for the longest of them.
    figure.update_xaxes(visible=False, range=[0, 1.18 * max([1, *values])])
    return figure


def short(name: str, most: int = 24) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def histogram(values: np.ndarray, title: str, bins: int = 30) -> go.Figure:
    """Counts of (N,) finite numbers in equal bins; binned here, so that the browser gets some bars only."""
    import plotly.graph_objects as go

    counts, edges = np.histogram(values, bins=bins)
    figure = go.Figure(
        go.Bar(
            x=(edges[:-1] + edges[1:]) / 2, y=counts, width=np.diff(edges) * 0.95, marker_color=class_color(0)
        )
    )
    figure.update_layout(margin=MARGIN | {"l": 48}, height=220)
    figure.update_xaxes(title=title)
    figure.update_yaxes(title="rows")
    return figure


def class_rows(y: np.ndarray | None, classes: int, each: int) -> list[tuple[int, np.ndarray]]:
    """(class index, its first rows) for each class that has any; -1 gathers what has no label."""
    if y is None:
        return [(-1, np.arange(each))]
    y = np.asarray(y)
    wanted = [*range(classes), -1]
    return [(c, rows) for c in wanted if len(rows := np.flatnonzero(y == c)[:each])]
