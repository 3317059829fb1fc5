"""Accuracy against labels per class, as lines with bands, or dots of the draws; and an ablation, as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.evaluate.benefit import TITLES, Method, around
from selfsup_core.evaluate.words.benefit import say_share, title_of
from selfsup_core.figures.palette import class_color
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from selfsup_core.evaluate.benefit import Benefit
    from selfsup_core.runs.ablation import Ablation, Kind

# Color, dash, symbol: color is never the only cue.
LOOKS: dict[Method, tuple[int, str, str]] = {
    "probe": (0, "solid", "circle"),
    "finetuned": (2, "solid", "square"),
    "scratch": (3, "dash", "diamond"),
    "untrained": (5, "dashdot", "star"),
    "autoencoder": (4, "dot", "cross"),
    "pca": (1, "dot", "x"),
    "raw": (7, "dot", "triangle-up"),
}
BANDED: tuple[Method, ...] = ("probe", "finetuned", "scratch")  # six bands would hide each other
BARS: dict[Kind, int] = {"all": 0, "without": 3, "alone": 2, "none": 7}


def benefit_figure(found: Benefit) -> go.Figure:
    """Each method's line over labels per class, evenly spaced."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for method, (color, dash, symbol) in LOOKS.items():
        mine = [p for p in found["points"] if p["method"] == method]
        if not mine:
            continue
        x = [title_of(p["labels"]) for p in mine]
        intervals = [p["interval"] for p in mine if p["interval"]]
        if method in BANDED and intervals:
            red, green, blue = (int(class_color(color)[i : i + 2], 16) for i in (1, 3, 5))
            low, high = ([ends[i] for ends in intervals] for i in (0, 1))
            figure.add_scatter(
                x=[*x, *x[::-1]],
                y=[*high, *low[::-1]],
                fill="toself",
                mode="none",
                showlegend=False,
                fillcolor=f"rgba({red},{green},{blue},0.14)",
                hoverinfo="skip",
            )
        if method in BANDED and not intervals:
            figure.add_scatter(
                x=[title_of(p["labels"]) for p in mine for _ in p["draws"]],
                y=[one for p in mine for one in p["draws"]],
                mode="markers",
                showlegend=False,
                marker={"color": class_color(color), "symbol": symbol, "size": 6, "opacity": 0.5},
                hoverinfo="skip",
            )
        figure.add_scatter(
            x=x,
            y=[p["accuracy"] for p in mine],
            name=TITLES[method].partition(",")[0] + (", fine-tuned" if method == "finetuned" else ""),
            mode="lines+markers",
            line={"color": class_color(color), "dash": dash, "width": 2},
            marker={"symbol": symbol, "size": 8},
            customdata=[say_share(p) for p in mine],
            hovertemplate="%{customdata}",
        )
    figure.update_layout(
        margin={"l": 44, "r": 10, "t": 10, "b": 40},
        height=380,
        hovermode=tr("x unified"),
        xaxis={"title": tr("labels per class"), "type": "category"},
        yaxis={"title": tr("correct test rows"), "tickformat": "~%"},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    return figure


def ablation_figure(found: Ablation) -> go.Figure:
    """A bar for each variant that is measured, the whole augmentation on top and as a line."""
    import plotly.graph_objects as go

    rows = [row for row in found["rows"] if row["accuracy"] is not None][::-1]
    ends = [
        (row["accuracy"], around(row["accuracy"], row["margin"], least=0.0))
        for row in rows
        if row["accuracy"] is not None and row["margin"] is not None
    ]
    figure = go.Figure()
    figure.add_bar(
        y=[row["title"] for row in rows],
        x=[row["accuracy"] for row in rows],
        orientation="h",
        marker={"color": [class_color(BARS[row["kind"]]) for row in rows]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [high - mean for mean, (_, high) in ends],
            "arrayminus": [mean - low for mean, (low, _) in ends],
            "color": "#7A7A7A",
        },
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    if rows and rows[-1]["kind"] == "all":
        figure.add_vline(x=rows[-1]["accuracy"], line={"dash": "dot", "color": class_color(7), "width": 1})
    figure.update_layout(
        margin={"l": 10, "r": 10, "t": 10, "b": 40},
        height=70 + 28 * len(rows),
        xaxis={"title": tr("accuracy of a linear classifier, validation rows"), "tickformat": "~%"},
        yaxis={"automargin": True},
        showlegend=False,
    )
    return figure
