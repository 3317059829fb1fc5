"""What speaks for a class and against it: bars of words or columns, a picture with the places that count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.translation import tr

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from selfsup_core.evaluate.attribution import Term

FOR, AGAINST = "#0072B2", "#D55E00"
SCALE = ((0.0, AGAINST), (0.5, "#F4F6F8"), (1.0, FOR))
MARGIN = {"l": 10, "r": 10, "t": 10, "b": 10}


def terms_figure(terms: list[Term]) -> go.Figure:
    """Args: terms: the strongest first."""
    import plotly.graph_objects as go

    rows = terms[::-1]
    parts = [t["part"] for t in rows]
    figure = go.Figure(
        go.Bar(
            x=parts,
            y=[t["name"] for t in rows],
            orientation="h",
            marker_color=[FOR if p > 0 else AGAINST for p in parts],
            text=[f"{p:+.2f}" for p in parts],
            textposition="auto",
            hovertemplate="%{y}: %{x:+.3f}<extra></extra>",
        )
    )
    figure.update_layout(
        margin=MARGIN, height=60 + 26 * len(rows), yaxis_automargin=True, xaxis_title=tr("evidence (in ln P)")
    )
    figure.update_yaxes(type="category")
    return figure


def pixels_figure(image: list[Any], parts: list[list[float]]) -> go.Figure:
    """The sample beside the parts of its pixels, (H, W)."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    values, told = np.array(image), np.array(parts)
    gray = values if values.ndim == 2 else values.mean(axis=2)
    most = float(np.abs(told).max()) or 1.0
    figure = make_subplots(1, 2, horizontal_spacing=0.04)
    figure.add_trace(go.Heatmap(z=gray, colorscale="gray", showscale=False, hoverinfo="skip"), 1, 1)
    figure.add_trace(
        go.Heatmap(
            z=told,
            colorscale=SCALE,
            zmin=-most,
            zmax=most,
            colorbar={"title": tr("ln P"), "thickness": 10},
            hovertemplate="%{z:+.3f}<extra></extra>",
        ),
        1,
        2,
    )
    figure.update_layout(margin=MARGIN, height=260, yaxis_scaleanchor="x", yaxis2_scaleanchor="x2")
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", constrain="domain")
    return figure
