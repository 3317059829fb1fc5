"""What a classifier confuses, as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.figures.text import plain_text
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST_NUMBERS = 15  # classes, above which the cells are too small for their counts


def confusion_figure(classes: list[str], counts: np.ndarray) -> go.Figure:
    """(C, C) counts, true classes down; colors are shares of the true class."""
    import plotly.graph_objects as go

    names = [plain_text(name) for name in classes]
    sums = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(sums, 1)
    figure = go.Figure()
    figure.add_heatmap(
        x=names,
        y=names,
        z=shares,
        customdata=counts,
        colorscale="Blues",
        zmin=0,
        zmax=1,
        texttemplate="%{customdata}" if len(classes) <= MOST_NUMBERS else None,
        hovertemplate="%{y} → %{x}: %{customdata}<extra></extra>",
        colorbar={"tickformat": "~%"},
    )
    figure.update_layout(
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        height=420,
        xaxis={"title": tr("predicted class"), "type": "category", "automargin": True},
        yaxis={"title": tr("true class"), "type": "category", "autorange": "reversed", "automargin": True},
    )
    return figure
