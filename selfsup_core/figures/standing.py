"""The three views of an autoencoder's epoch as static figures, for where the live view cannot run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from selfsup_core.evaluate.classification import most_confused
from selfsup_core.figures.palette import class_color, class_symbol
from selfsup_core.figures.text import plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from selfsup_core.evaluate.rows import EpochRow

MARGIN = {"l": 48, "r": 8, "t": 8, "b": 40}


def loss_figure(rows: Sequence[EpochRow], cursor: int, best: int | None = None) -> go.Figure:
    """Training and validation loss over epochs.

    Args:
        rows: epoch rows of metrics.jsonl.
        cursor: epoch at which the marker line stands.
        best: epoch of the lowest validation loss.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    lines: tuple[tuple[str, Literal["train_loss", "val_loss"], str, str], ...] = (
        ("training", "train_loss", "solid", class_color(0)),
        ("validation", "val_loss", "dash", class_color(3)),
    )
    for name, key, dash, color in lines:
        points = [(row["epoch"], row[key]) for row in rows if row.get(key) is not None]
        figure.add_scatter(
            x=[x for x, _ in points],
            y=[y for _, y in points],
            name=name,
            mode="lines",
            line={"dash": dash, "color": color},
        )
    stars = [row for row in rows if row["epoch"] == best and row.get("val_loss") is not None]
    if stars:
        figure.add_scatter(
            x=[best],
            y=[stars[0]["val_loss"]],
            name="best",
            mode="markers",
            marker={"symbol": "star", "size": 12, "color": class_color(3)},
        )
    figure.add_vline(x=cursor, line={"width": 1, "dash": "dot"})
    figure.update_layout(
        margin=MARGIN,
        height=320,
        xaxis_title="epoch",
        yaxis_title="loss",
        legend={"orientation": "h"},
    )
    return figure


def as_image(values: np.ndarray, item_shape: tuple[int, ...]) -> np.ndarray:
    """(D,) flat bytes → (H, W) or (H, W, C); a table's row becomes one line of pixels."""
    return values.reshape(item_shape) if len(item_shape) > 1 else values.reshape(1, -1)


def tile_sheet(
    inputs: np.ndarray, outputs: np.ndarray, item_shape: tuple[int, ...], count: int = 12
) -> np.ndarray:
    """(T, D) bytes each → one picture: row 1 inputs, row 2 outputs, row 3 absolute differences, 2 pixels
    apart.
    """
    count = min(count, len(inputs))
    difference = np.abs(inputs[:count].astype(np.int16) - outputs[:count]).astype(np.uint8)
    rows = []
    for part in (inputs[:count], outputs[:count], difference):
        tiles = [np.pad(as_image(v, item_shape), pads(item_shape)) for v in part]
        rows.append(np.concatenate(tiles, axis=1))
    return np.concatenate(rows, axis=0)


def sample_sheet(x: np.ndarray, scale: float, columns: int = 24, rows: int = 4) -> np.ndarray:
    """(N, H, W) or (N, H, W, C) stored values → one picture in [0, 1] of the first samples, 2 pixels
    apart.
    """
    columns = min(columns, len(x))
    rows = max(1, min(rows, len(x) // columns))
    tiles = np.asarray(x[: rows * columns], dtype=np.float32) * scale
    tiles = np.pad(tiles, [(0, 0), *pads(tiles.shape[1:])])  # (rows * columns, H + 2, W + 2, …)
    lines = [np.concatenate(list(tiles[r * columns : (r + 1) * columns]), axis=1) for r in range(rows)]
    return np.concatenate(lines, axis=0)


def picture_sheet(items: np.ndarray, item_shape: tuple[int, ...], columns: int = 16) -> np.ndarray:
    """(N, D) bytes → one picture, `columns` a line, 2 pixels apart; the last line is filled with black."""
    columns = min(columns, len(items))
    rows = -(-len(items) // columns)
    filled = np.zeros((rows * columns, items.shape[1]), np.uint8)
    filled[: len(items)] = items
    tiles = [np.pad(as_image(v, item_shape), pads(item_shape)) for v in filled]
    lines = [np.concatenate(tiles[r * columns : (r + 1) * columns], axis=1) for r in range(rows)]
    return np.concatenate(lines, axis=0)


def pads(item_shape: tuple[int, ...]) -> list[tuple[int, int]]:
    return [(1, 1), (1, 1), (0, 0)] if len(item_shape) == 3 else [(1, 1), (1, 1)]


def wrapped(text: str, width: int = 60, lines: int = 4) -> str:
    """A text as Plotly can show it: harmless, and broken into a few lines."""
    import textwrap

    parts = textwrap.wrap(text, width, max_lines=lines, placeholder=" …")
    return "<br>".join(plain_text(part) for part in parts)


def map_figure(
    points: np.ndarray,
    labels: np.ndarray,
    classes: list[str],
    *,
    texts: list[str] | None = None,
    height: int = 320,
) -> go.Figure:
    """Latent map, one color and shape a class.

    Args:
        points: (n, 2) or (n, 3); the third dimension is left out here.
        labels: (n,) class index, -1 where there is none.
        texts: what is shown when one points at a sample.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    said = None if texts is None else np.array([wrapped(text) for text in texts])
    for index in sorted(set(labels.tolist())):
        chosen = labels == index
        figure.add_scatter(
            x=points[chosen, 0],
            y=points[chosen, 1],
            mode="markers",
            name=classes[index] if index >= 0 else "no label",
            marker={"size": 5, "color": class_color(index), "symbol": class_symbol(index)},
            text=None if said is None else said[chosen],
            hoverinfo="all" if said is None else "text+name",
        )
    figure.update_layout(margin=MARGIN, height=height, yaxis_scaleanchor="x", showlegend=bool(classes))
    figure.update_xaxes(showticklabels=False, showgrid=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, showgrid=False, zeroline=False)
    return figure


def matrix_rows(classes: list[str], confusion: np.ndarray) -> list[dict[str, str | int]]:
    """Rows of a table from (C, C) counts, true classes down."""
    return [
        {"true": name} | dict(zip(classes, row, strict=True))
        for name, row in zip(classes, confusion.tolist(), strict=True)
    ]


def confused_rows(classes: list[str], sums: np.ndarray) -> list[dict[str, str | int]]:
    """Rows of a table of the most confused of very many classes, from (5, C) `class_sums`."""
    right, own, named, worst, count = sums.tolist()
    return [
        {
            "class": classes[c],
            "true": own[c],
            "predicted": named[c],
            "correct": right[c],
            "most often confused with": f"{classes[worst[c]]} ({count[c]:,})" if count[c] else "–",
        }
        for c in most_confused(sums).tolist()
    ]
