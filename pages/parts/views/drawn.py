"""Samples beside their views: pictures in a grid, rows of a table, and texts with what has changed."""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.parts.shared.samples import picture_url
from pages.parts.shared.tables import FILLED, MOST_COLUMNS
from selfsup_core.translation import tr

PIECE = re.compile(r"(\s*)([\u3040-\u30ff\u3400-\u9fff]|[^\s\u3040-\u30ff\u3400-\u9fff]+)")


def titles_of(rows: Sequence[int], labels: Sequence[str], names: Sequence[str]) -> list[str]:
    """ "flags · Ethiopia · row 12" """
    each = zip(labels, names, rows, strict=True)
    return [
        " · ".join(filter(None, (label, name, tr("row {row}").format(row=row)))) for label, name, row in each
    ]


def show_pictures(values: np.ndarray, titles: Sequence[str]) -> None:
    """values: (S, 1 + V, H, W[, C]) in [0, 1], each sample first."""
    st.html(pictures_html(values, titles))


def pictures_html(values: np.ndarray, titles: Sequence[str]) -> str:
    rows = []
    for title, pictures in zip(titles, values, strict=True):
        cells = "".join(
            f'<img src="{picture_url(as_picture(picture))}" '
            f'alt="{html.escape(title)}, {f"view {i}" if i else "the sample itself"}">'
            for i, picture in enumerate(pictures)
        )
        rows.append(f"<figure><figcaption>{html.escape(title)}</figcaption><div>{cells}</div></figure>")
    return f'<div class="views-grid" style="--views: {values.shape[1]}">{"".join(rows)}</div>'


def as_picture(values: np.ndarray) -> np.ndarray:
    """(H, W[, C]) → gray or color."""
    if values.ndim == 2 or values.shape[2] >= 3:
        return values[..., :3] if values.ndim == 3 else values
    return values[..., 0]


def show_rows(values: np.ndarray, titles: Sequence[str], columns: Sequence[str]) -> None:
    """values: (S, 1 + V, D) in [0, 1]; what has changed is marked."""
    import pandas as pd

    count, across, width = values.shape
    width = min(width, MOST_COLUMNS)
    names = tell_apart(columns[:width] or [str(i) for i in range(width)])
    shown = values[..., :width]
    is_changed = np.abs(shown - shown[:, :1]) > 1e-6
    index = [f"{title} · view {i}" if i else title for title in titles for i in range(across)]
    frame = pd.DataFrame(shown.reshape(count * across, width), columns=pd.Index(names), index=index)
    marks = pd.DataFrame(
        np.where(is_changed.reshape(count * across, width), FILLED, ""), columns=frame.columns, index=index
    )
    styled = frame.style.apply(lambda _: marks, axis=None).format("{:.2f}")
    st.dataframe(styled, height=38 + 35 * min(len(frame), 20), width="stretch")


def tell_apart(names: Sequence[str]) -> list[str]:
    """Names of columns, where those of a file may be the same."""
    found: list[str] = []
    for name in names:
        while name in found:
            name += " "
        found.append(name)
    return found


def show_texts(texts: Sequence[Sequence[str]], titles: Sequence[str]) -> None:
    """texts: of each sample itself and its views; words that are gone are struck, new ones are marked."""
    blocks = []
    for title, (first, *views) in zip(titles, texts, strict=True):
        lines = "".join(f"<li>{compare_html(first, view)}</li>" for view in views)
        blocks.append(
            f"<section><p><small>{html.escape(title)}</small><br>{html.escape(first)}</p><ol>{lines}</ol></section>"
        )
    st.html(f'<div class="views-texts">{"".join(blocks)}</div>')


def compare_html(before: str, after: str) -> str:
    """A view as the sample with its changes: <del> what is gone, <ins> what has come."""
    old, new = PIECE.findall(before), PIECE.findall(after)
    words = [[word for _, word in pieces] for pieces in (old, new)]
    parts = []
    for _, a, b, c, d in difflib.SequenceMatcher(None, *words, autojunk=False).get_opcodes():
        if words[0][a:b] == words[1][c:d]:
            # Where a neighbor is struck out or has come, one of both has the white space between.
            both = zip(old[a:b], new[c:d], strict=True)
            parts.append(html.escape(join([(gap or other, word) for (gap, word), (other, _) in both])))
            continue
        parts += [mark("del", join(old[a:b])), mark("ins", join(new[c:d]))]
    return "".join(parts).strip()


def join(pieces: Sequence[tuple[str, str]]) -> str:
    return "".join(gap + word for gap, word in pieces)


def mark(tag: str, text: str) -> str:
    """The words as an element, with the white space before them outside of it; "" where there are none."""
    bare = text.lstrip()
    return f"{text[: len(text) - len(bare)]}<{tag}>{html.escape(bare)}</{tag}>" if bare else ""
