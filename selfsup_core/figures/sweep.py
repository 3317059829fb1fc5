"""The effect of one setting of a sweep: the runs as dots, means with intervals over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.evaluate.compared import say_value
from selfsup_core.figures.palette import class_color

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from selfsup_core.runs.sweeps.effect import SettingEffect
    from selfsup_core.runs.sweeps.results import Sweep

JITTER = 0.12  # of the distance of two values, so that dots do not hide each other


def effect_figure(sweep: Sweep, one: SettingEffect) -> go.Figure:
    """Values of a list stand evenly spaced, those drawn from a range where they are.

    Color is never the only cue: means are diamonds on a line, runs are small circles.
    """
    import plotly.graph_objects as go

    known = [value for value in one["values"] if value["mean"] is not None]
    figure = go.Figure()
    figure.add_scatter(
        x=[x if one["is_range"] else x + jitter(place) for place, (x, _) in enumerate(one["points"])],
        y=[score for _, score in one["points"]],
        mode="markers",
        name="runs",
        marker={"color": class_color(1), "size": 6, "opacity": 0.7},
        customdata=[say_value(sweep["metric"], score) for _, score in one["points"]],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.add_scatter(
        x=[value["x"] for value in known],
        y=[value["mean"] for value in known],
        mode="lines+markers",
        name="mean",
        line={"color": class_color(0), "width": 2},
        marker={"color": class_color(0), "symbol": "diamond", "size": 10},
        error_y={
            "type": "data",
            "array": [value["margin"] or 0.0 for value in known],
            "color": class_color(0),
            "thickness": 2,
            "width": 6,
        },
        customdata=[
            [value["title"], say_value(sweep["metric"], value["mean"]), value["n"]] for value in known
        ],
        hovertemplate="%{customdata[0]}: %{customdata[1]}, n = %{customdata[2]}<extra></extra>",
    )
    is_share = "accuracy" in sweep["metric"] or sweep["metric"] == "val_macro_f1"
    axis: dict[str, object] = {"title": one["title"], "automargin": True}
    if one["is_range"]:
        axis |= {"type": "log"} if one["is_log"] else {}
    else:
        axis |= {
            "tickmode": "array",
            "tickvals": [value["x"] for value in one["values"]],
            "ticktext": [value["title"] for value in one["values"]],
            "range": [-0.5, len(one["values"]) - 0.5],
        }
    figure.update_layout(
        margin={"l": 10, "r": 10, "t": 10, "b": 40},
        height=300,
        showlegend=False,
        xaxis=axis,
        yaxis={"automargin": True, **({"tickformat": "~%"} if is_share else {})},
    )
    return figure


def jitter(place: int) -> float:
    """A small shift to the side, the same each time."""
    return JITTER * ((place * 0.618) % 1.0 - 0.5)
