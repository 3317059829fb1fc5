"""A map as a Plotly figure, for where the page's own drawing is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Required, TypedDict

import numpy as np

from selfsup_core.figures.palette import class_color, class_symbol
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import plotly.graph_objects as go

UNKNOWN = 255


class Legend(TypedDict, total=False):
    """What the codes of points stand for; `unknown`: how many points have the code 255.

    Attributes:
        names, counts: of a category: the name of each code, and how many points have it.
        others: of a category: the code of all smaller ones together, which is gray.
        low, high: of a number: what the codes 0 and 254 stand for.
    """

    by: Required[str]
    kind: Required[Literal["category", "number"]]
    unknown: Required[int]
    names: list[str]
    counts: list[int]
    others: int
    low: float
    high: float


SIZE = 5  # pixels


def space_figure(points: np.ndarray, codes: np.ndarray, legend: Legend, rows: np.ndarray) -> go.Figure:
    """points: (N, 2), codes: (N,) bytes as `questions.color` gives them, rows: (N,) row numbers for the
    cards.
    """
    import plotly.graph_objects as go

    figure = go.Figure()

    def add(mask: np.ndarray, name: str, marker: dict[str, object]) -> None:
        figure.add_scatter(
            x=points[mask, 0],
            y=points[mask, 1],
            mode="markers",
            name=name,
            marker=marker,
            customdata=rows[mask],
            hovertemplate="row %{customdata}<extra>%{fullData.name}</extra>",
        )

    if legend["kind"] == "number":
        shown = codes != UNKNOWN
        values = legend["low"] + codes[shown] / 254 * (legend["high"] - legend["low"])
        add(
            shown,
            legend["by"],
            {
                "size": SIZE,
                "color": values,
                "colorscale": tr("Viridis"),
                "showscale": True,
                "colorbar": {"title": legend["by"]},
            },
        )
        if (~shown).any():
            add(~shown, "unknown", {"size": SIZE, "color": class_color(-1)})
    else:
        for code in np.unique(codes):
            is_unknown = code == UNKNOWN
            index = -1 if is_unknown else int(code)
            symbol = class_symbol(index) if index >= 0 else "circle"
            color = class_color(-1 if code == legend.get("others") else index)
            add(
                codes == code,
                "unknown" if is_unknown else legend["names"][index],
                {"size": SIZE, "color": color, "symbol": symbol},
            )
    figure.update_layout(
        margin={"l": 0, "r": 0, "t": 8, "b": 0}, height=560, legend={"itemsizing": "constant"}
    )
    figure.update_layout(yaxis_scaleanchor="x", dragmode="lasso")
    figure.update_xaxes(showticklabels=False, showgrid=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, showgrid=False, zeroline=False)
    return figure
