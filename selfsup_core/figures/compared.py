"""Several runs in one figure: a metric over epochs, and all of them as lines across settings and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from selfsup_core.evaluate.rows import EpochRow
from selfsup_core.figures.palette import class_color
from selfsup_core.translation import tr, tr_later

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from selfsup_core.runs.comparing import Comparison, Difference

# As in assets/web/compare/series.js: color is never the only cue.
LOOKS = ((0, "solid"), (3, "dash"), (2, "dot"), (4, "dashdot"), (1, "longdash"), (8, "longdashdot"))
NOT_SET = tr_later("not set")
MOST_AXES = 10


def look_of(place: int) -> tuple[str, str]:
    """(color, dash) of the run at a place, from 0."""
    color, dash = LOOKS[place % len(LOOKS)]
    return class_color(color), dash


def curves_figure(rows: Sequence[Sequence[EpochRow]], metric: str, title: str) -> go.Figure:
    """A metric of each run over epochs.

    Args:
        rows: of each run, in the order of the comparison.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for place, own in enumerate(rows):
        color, dash = look_of(place)
        known = [row for row in own if isinstance(row.get(metric), (int, float))]
        figure.add_scatter(
            x=[row["epoch"] for row in known],
            y=[row.get(metric) for row in known],
            name=f"Run {place + 1}",
            mode="lines" if len(known) > 1 else "markers",
            line={"color": color, "dash": dash, "width": 2},
        )
    figure.update_layout(
        margin={"l": 40, "r": 10, "t": 10, "b": 36},
        height=320,
        hovermode="x unified",
        xaxis_title="epoch",
        yaxis_title=title,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    return figure


def parallel_figure(comparison: Comparison) -> go.Figure:
    """Each run as a line across the settings that differ and the metrics; colored by the first metric."""
    import plotly.graph_objects as go

    metrics = [one for one in comparison["metrics"] if None not in one["values"]]
    axes = [axis_of(one) for one in comparison["settings"]][: MOST_AXES - len(metrics)]
    axes += [{"label": one["title"], "values": one["values"]} for one in metrics]
    line: dict[str, Any] = {"color": class_color(0)}
    if metrics:
        first = metrics[0]
        line = {
            "color": first["values"],
            "colorscale": tr("Cividis"),
            "showscale": True,
            "colorbar": {"title": {"text": first["title"], "side": "right"}, "thickness": 12},
        }
    figure = go.Figure(go.Parcoords(line=line, dimensions=axes, labelangle=-12))
    figure.update_layout(margin={"l": 60, "r": 30, "t": 90, "b": 24}, height=420)
    return figure


def axis_of(one: Difference) -> dict[str, Any]:
    """An axis of numbers, or one of texts in their alphabetical order."""
    values = [NOT_SET if value is None else value for value in one["values"]]
    try:
        return {"label": one["title"], "values": [float(value) for value in values]}
    except ValueError:
        texts = sorted(set(values))
        return {
            "label": one["title"],
            "values": [texts.index(value) for value in values],
            "tickvals": list(range(len(texts))),
            "ticktext": texts,
        }
