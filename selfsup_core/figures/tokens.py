"""Probabilities of tokens as bars."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from selfsup_core.evaluate.reading.characters import whole_characters
from selfsup_core.figures.palette import class_color
from selfsup_core.figures.text import plain_text
from selfsup_core.pretrained.reading import Reading
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import plotly.graph_objects as go

MARGIN = {"l": 48, "r": 8, "t": 8, "b": 72}
LONGEST = 18
MOST_NAMES = 400  # tokens that have a name each
ROOM = 16  # pixels of a name that stands upright
FLAT = 60  # letters that fit beside each other on a narrow screen


def visible(piece: str) -> str:
    """A token's text with visible spaces and line ends, escaped for figures, which interpret HTML."""
    shown = piece.replace(" ", "␣").replace("\n", "⏎").replace("\t", "⇥") or "∅"
    return plain_text(shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…")


def notes_of(reading: Reading) -> list[str]:
    """What hovering says of each token: P, the product so far, and what was likelier."""
    is_masked, notes, total = reading.get("kind") == "masked", [], 0.0
    for piece, value, others in zip(
        reading["pieces"], reading["log_p"], reading["alternatives"], strict=True
    ):
        if value is None:
            about = [visible(piece), tr("a gap") if is_masked else tr("nothing comes before it")]
        else:
            total += value
            about = [f"{visible(piece)}: P = {math.exp(value):.4f}"]
            if not is_masked:
                about.append(tr("product so far: {power_of_ten}").format(power_of_ten=power_of_ten(total)))
        if others:
            about += ["", tr("most likely here:"), *(f"{visible(text)}  {p:.3f}" for text, p in others)]
        notes.append("<br>".join(about))
    return notes


def heights_of(reading: Reading) -> list[float]:
    return [0.0 if v is None else math.exp(v) for v in reading["log_p"]]


def given(reading: Reading) -> str:
    """The condition in P(token | …)."""
    return tr("all others") if reading.get("kind") == "masked" else tr("text before")


def reading_figure(reading: Reading) -> go.Figure:
    """One bar a token: P(token | all before it), or given all others in a masked model.

    Args:
        reading: pieces, log_p (natural; None for what is not predicted), alternatives, kind, as the tool
        `read` gives them.
    """
    import plotly.graph_objects as go

    reading = whole_characters(reading)
    pieces = reading["pieces"]
    figure = go.Figure()
    figure.add_bar(
        x=list(range(len(pieces))),
        y=heights_of(reading),
        marker={"color": class_color(0)},
        hovertext=notes_of(reading),
        hoverinfo="text",
    )
    figure.update_layout(margin=MARGIN, height=300, yaxis_title=f"P(token | {given(reading)})", bargap=0.15)
    figure.update_yaxes(range=[0, 1])
    name_tokens(figure, pieces)
    return figure


def name_tokens(figure: go.Figure, pieces: list[str]) -> None:
    """Each token is named, of a very long text every few; hovering names them all."""
    named = list(range(0, len(pieces), 1 + len(pieces) // (MOST_NAMES + 1)))
    names = [visible(pieces[i]) for i in named]
    # An angle of its own choice would leave out every second name where they stand close.
    figure.update_xaxes(tickvals=named, ticktext=names, tickangle=angle_of(names), automargin=True)


def angle_of(names: list[str]) -> int:
    """Degrees: names lie where there is room for all of them, else they stand upright."""
    return 0 if len(names) * max(map(len, names), default=0) <= FLAT else -90


def width_of(pieces: list[str]) -> int:
    """Pixels that a figure of these tokens needs, so that their names stand beside each other."""
    return MARGIN["l"] + MARGIN["r"] + ROOM * min(len(pieces), MOST_NAMES)


def next_figure(rows: list[tuple[str, float, float]]) -> go.Figure:
    """What could come next: P by the model, and P after temperature, top-k and top-p, side by side.

    Args:
        rows: (token, P, P after temperature, top-k and top-p), most likely first.
    """
    import plotly.graph_objects as go

    figure, places = go.Figure(), list(range(len(rows)))
    for name, column, color, pattern in (
        (tr("by the model"), 1, class_color(0), ""),
        (tr("after temperature, top-k and top-p"), 2, class_color(1), "/"),
    ):
        figure.add_bar(
            x=[row[column] for row in rows],
            y=places,
            orientation="h",
            name=name,
            marker={"color": color, "pattern": {"shape": pattern}},
            hovertemplate="%{x:.4f}<extra>" + name + "</extra>",
        )
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 32, "b": 40},
        height=84 + 26 * max(4, len(rows)),
        barmode="group",
        xaxis_title="probability",
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom"},
    )
    figure.update_yaxes(
        tickvals=places,
        ticktext=[visible(row[0]) for row in rows],
        autorange="reversed",
        automargin=True,
    )
    return figure


def attention_figure(
    pieces: list[str], weights: list[list[float]], *, looks_ahead: bool = False
) -> go.Figure:
    """Row: the token that looks; column: what it attends to; at most itself and those before it, unless it
    looks ahead.
    """
    import plotly.graph_objects as go

    places, names = list(range(len(pieces))), [visible(piece) for piece in pieces]
    ends = [len(row) if looks_ahead else i + 1 for i, row in enumerate(weights)]
    shown = [
        [v if j < end else None for j, v in enumerate(row)] for row, end in zip(weights, ends, strict=True)
    ]
    hover = [
        [
            tr("{names} attends to {names_2}: {v:.3f}").format(names=names[i], names_2=names[j], v=v)
            if j < ends[i]
            else ""
            for j, v in enumerate(row)
        ]
        for i, row in enumerate(weights)
    ]
    # The first token may have no one else to look at; the colors are for what the others do.
    most = max([0.2, *(v for row, end in zip(weights, ends, strict=True) if end > 1 for v in row[:end])])
    figure = go.Figure()
    figure.add_heatmap(
        z=shown,
        x=places,
        y=places,
        zmin=0,
        zmax=most,
        colorscale=tr("Cividis"),
        hovertext=hover,
        hoverinfo="text",
        colorbar={"title": "share"},
    )
    figure.update_layout(margin=MARGIN, height=200 + 16 * len(pieces))
    name_tokens(figure, pieces)
    figure.update_yaxes(tickvals=places, ticktext=names, autorange="reversed", automargin=True)
    return figure


def power_of_ten(log_value: float) -> str:
    """e^x in words of ten: "3.2 × 10⁻¹⁴"; fit for numbers that a float cannot hold."""
    exponent = math.floor(log_value / math.log(10))
    mantissa, _, carried = f"{math.exp(log_value - exponent * math.log(10)):.1e}".partition("e")
    exponent += int(carried)  # 9.97 is written as 1.0 of the next power
    if -4 <= exponent <= 0:
        return f"{math.exp(log_value):.4g}"
    digits = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa} × 10{digits}"
