"""A picture as a figure, so that it is written like the others."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import plotly.graph_objects as go

LEAST_WIDTH = 900


def picture_figure(pixels: np.ndarray) -> go.Figure:
    """(H, W) or (H, W, 3) bytes → a figure with sharp pixels and without axes."""
    import plotly.graph_objects as go
    from PIL import Image

    height, width = pixels.shape[:2]
    scale = max(1, -(-LEAST_WIDTH // width))
    large = (
        Image.fromarray(pixels)
        .convert("RGB")
        .resize((width * scale, height * scale), Image.Resampling.NEAREST)
    )
    buffer = io.BytesIO()
    large.save(buffer, "PNG")
    figure = go.Figure()
    source = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    figure.add_trace(go.Image(source=source, hoverinfo="skip"))
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0}, height=large.height, width=large.width)
    return figure
