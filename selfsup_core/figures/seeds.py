"""Accuracy over rounds as mean and band over seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selfsup_core.figures.palette import class_color

if TYPE_CHECKING:
    import plotly.graph_objects as go

LINES = (
    ("accuracy", "with pseudo-labels", 0, "solid"), ("twin_accuracy", "twin: labels alone", 3, "dash"),
    ("ceiling_accuracy", "ceiling: all labels", 7, "dot"),
)  # fmt: skip


def seeds_figure(said: dict[str, Any]) -> go.Figure:
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
            x=[*epochs, *epochs[::-1]], y=[*high, *low[::-1]], fill="toself", mode="none", showlegend=False,
            fillcolor=f"rgba({red},{green},{blue},0.15)", hoverinfo="skip",
        )  # fmt: skip
        figure.add_scatter(x=epochs, y=mean, name=title, mode="lines", line={"color": class_color(color), "dash": dash, "width": 2})  # fmt: skip
    figure.update_layout(
        margin={"l": 40, "r": 10, "t": 10, "b": 36}, height=300, hovermode="x unified",
        xaxis_title="round", yaxis_tickformat=".0%", legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )  # fmt: skip
    return figure
