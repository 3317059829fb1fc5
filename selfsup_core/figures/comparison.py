"""Two models' probabilities of one text: bars side by side where their tokens are the same, else in two
rows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from selfsup_core.evaluate.reading.characters import whole_characters
from selfsup_core.evaluate.reading.comparing import has_same_tokens
from selfsup_core.figures.palette import class_color
from selfsup_core.figures.text import plain_text
from selfsup_core.figures.tokens import MARGIN, angle_of, given, heights_of, name_tokens, notes_of
from selfsup_core.pretrained.reading import Reading

if TYPE_CHECKING:
    import plotly.graph_objects as go

PATTERNS = ("", "/")
MOST_WORDS = 60
WORD = re.compile(r"\S{1,12}")


def comparison_figure(readings: tuple[Reading, Reading], names: tuple[str, str], text: str) -> go.Figure:
    """P of each token by two models.

    Args:
        readings: as the tool `read` gives them, with `spans`.
        names: of the models, for the legend.
    """
    draw = side_by_side if has_same_tokens(*readings) else in_two_rows
    figure = draw(
        [whole_characters(reading) for reading in readings], [plain_text(name) for name in names], text
    )
    figure.update_layout(
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        margin=MARGIN | {"t": 36},
    )
    return figure


def side_by_side(readings: Any, names: list[str], text: str) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    for index, (reading, name) in enumerate(zip(readings, names, strict=True)):
        figure.add_bar(
            x=list(range(len(reading["pieces"]))),
            y=heights_of(reading),
            name=name,
            marker=marker(index),
            hovertext=[f"{name}<br>{note}" for note in notes_of(reading)],
            hoverinfo="text",
        )
    figure.update_layout(
        height=330, barmode="group", bargap=0.2, yaxis_title=f"P(token | {given(readings[0])})"
    )
    figure.update_yaxes(range=[0, 1])
    name_tokens(figure, readings[0]["pieces"])
    return figure


def in_two_rows(readings: Any, names: list[str], text: str) -> go.Figure:
    """A bar is as wide as the characters of its token, so bars above each other cover the same text."""
    import plotly.graph_objects as go

    figure = go.Figure()
    stop = 0
    for index, (reading, name) in enumerate(zip(readings, names, strict=True)):
        spans = reading["spans"] or [(i, i + 1) for i in range(len(reading["pieces"]))]
        stop = max(stop, spans[-1][1])
        figure.add_bar(
            x=[(start + end) / 2 for start, end in spans],
            width=[max(end - start, 0.2) * 0.94 for start, end in spans],
            y=heights_of(reading),
            name=name,
            yaxis="y" if index == 0 else "y2",
            marker=marker(index),
            hovertext=[f"{name}<br>{note}" for note in notes_of(reading)],
            hoverinfo="text",
        )
    titles = [f"P(token | {given(reading)})" for reading in readings]
    figure.update_layout(
        height=420,
        barmode="overlay",
        yaxis={"domain": [0.54, 1], "range": [0, 1], "title": titles[0]},
        yaxis2={"domain": [0, 0.46], "range": [0, 1], "title": titles[1], "anchor": "x"},
    )
    words = list(WORD.finditer(text[:stop]))
    words = words[:: 1 + len(words) // MOST_WORDS]
    figure.update_xaxes(
        range=[0, max(stop, 1)],
        anchor="y2",
        showgrid=False,
        tickvals=[(word.start() + word.end()) / 2 for word in words],
        ticktext=[plain_text(word[0]) for word in words],
        tickangle=angle_of([word[0] for word in words]),
        automargin=True,
    )
    return figure


def marker(index: int) -> dict[str, object]:
    return {"color": class_color(index), "pattern": {"shape": PATTERNS[index]}}
