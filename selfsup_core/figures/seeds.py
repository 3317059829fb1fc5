"""Accuracy over rounds as mean and band over seeds; and how often a classifier is right when it is so
sure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.figures.palette import class_color
from selfsup_core.translation import tr, tr_later

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from selfsup_core.evaluate.calibration import Calibration
    from selfsup_core.workers.seeds import Name, Seeds

LINES: tuple[tuple[Name, str, int, str], ...] = (
    ("accuracy", tr_later("with pseudo-labels"), 0, "solid"),
    ("twin_accuracy", tr_later("given labels only (twin)"), 3, "dash"),
    ("ceiling_accuracy", tr_later("ceiling: all labels"), 7, "dot"),
)


def seeds_figure(said: Seeds) -> go.Figure:
    """Args: said: of `runs.seeds.over_seeds`, with at least one finished run."""
    import plotly.graph_objects as go

    figure, epochs = go.Figure(), said["epochs"]
    for name, title, color, dash in LINES:
        if name not in said:
            continue
        mean, spread = said[name]
        high = [m + s for m, s in zip(mean, spread, strict=True)]
        low = [m - s for m, s in zip(mean, spread, strict=True)]
        red, green, blue = (int(class_color(color)[i : i + 2], 16) for i in (1, 3, 5))
        figure.add_scatter(
            x=[*epochs, *epochs[::-1]],
            y=[*high, *low[::-1]],
            fill="toself",
            mode="none",
            showlegend=False,
            fillcolor=f"rgba({red},{green},{blue},0.15)",
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=epochs,
            y=mean,
            name=title,
            mode="lines",
            line={"color": class_color(color), "dash": dash, "width": 2},
        )
    figure.update_layout(
        margin={"l": 40, "r": 10, "t": 10, "b": 36},
        height=300,
        hovermode=tr("x unified"),
        xaxis_title="round",
        yaxis_tickformat="~%",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    return figure


def reliability_figure(found: Calibration) -> go.Figure:
    """Args: found: `calibration` of a run's test.json: bins before and, where it was fitted, after
    temperature scaling.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"dash": "dot", "color": class_color(7)},
        name="trustworthy",
        hoverinfo="skip",
    )
    for judged, title, color, symbol in (
        (found.get("before"), tr("before temperature"), 0, "circle"),
        (found.get("after"), tr("after temperature"), 3, "diamond"),
    ):
        if judged is None:
            continue
        bins = judged["bins"]
        figure.add_scatter(
            x=[b["confidence"] for b in bins],
            y=[b["accuracy"] for b in bins],
            mode="lines+markers",
            name=title,
            marker={"symbol": symbol, "size": 9, "color": class_color(color)},
            line={"color": class_color(color)},
            text=[tr("{rows} rows").format(rows=b["rows"]) for b in bins],
            hovertemplate="%{x:.0%} sure, %{y:.0%} correct, %{text}",
        )
    figure.update_layout(
        margin={"l": 40, "r": 10, "t": 10, "b": 36},
        height=300,
        xaxis_title="confidence",
        yaxis_title=tr("share of correct predictions"),
        xaxis={"tickformat": "~%", "range": [0, 1.02]},
        yaxis={"tickformat": "~%", "range": [0, 1.05]},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    return figure
