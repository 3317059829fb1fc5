"""Text from a person's files, escaped for Plotly."""

from __future__ import annotations

import html


def plain_text(text: str) -> str:
    """Text in which nothing is markup. Quotation marks stay: Plotly shows &quot; as it is written."""
    return html.escape(text, quote=False)
