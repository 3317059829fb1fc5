"""What a data set holds, seen and heard: pictures, sounds, texts and rows."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts.data.names import show_names
from pages.parts.shared.workspace import plain
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.texts import Texts
from selfsup_core.figures.data import class_rows, histogram, label_bars, strip

MOST_CLASSES = 12
EACH = 12


def count_labels(dataset: Dataset) -> dict[str, int]:
    """Rows of each class, the largest thirty of them, and under "" those without a label."""
    if dataset.y is None:
        return {}
    y = np.asarray(dataset.y)
    counts = np.bincount(y[y >= 0], minlength=len(dataset.classes))
    largest = sorted(np.argsort(-counts, kind="stable")[:30].tolist())
    found = {dataset.classes[i]: int(counts[i]) for i in largest}
    return found | ({"": int((y < 0).sum())} if (y < 0).any() else {})


def show_preview(dataset: Dataset) -> None:
    counts = count_labels(dataset)
    left, right = st.columns((2.2, 1)) if counts else (st.container(), None)
    with left:
        {"image": show_images, "sound": show_sounds, "text": show_texts}.get(dataset.kind, show_table)(
            dataset
        )
        show_names(dataset)
    if right:
        with right:
            st.markdown("**Labels**")
            st.plotly_chart(label_bars(counts), key="label-bars", config={"displayModeBar": False})


def show_images(dataset: Dataset) -> None:
    each = EACH if dataset.y is not None else 60
    for index, rows in class_rows(dataset.y, len(dataset.classes), each)[:MOST_CLASSES]:
        for start in range(0, len(rows), EACH):
            part = rows[start : start + EACH]
            part = part[part < len(dataset)]
            if not len(part):
                break
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                name = dataset.title
                if dataset.y is not None:
                    name = dataset.classes[index] if index >= 0 else "no label"
                    st.caption(plain(name), width=80)
                picture = strip(dataset.x[part], dataset.scale)
                st.image(picture, width=len(part) * 48, clamp=True, alt=f"{len(part)} samples: {name}")


def show_sounds(dataset: Dataset) -> None:
    names = list(dataset.classes) or ["all"]
    chosen = st.pills("Class", names, default=names[0], key=f"sound-class-{dataset.id}") or names[0]
    rows = (
        np.arange(min(6, len(dataset)))
        if dataset.y is None
        else np.flatnonzero(np.asarray(dataset.y) == names.index(chosen))[:6]
    )
    for row in rows.tolist():
        picture, player = st.columns((1, 3), vertical_alignment="center")
        spectrogram = strip(dataset.x[[row]], dataset.scale)
        picture.image(spectrogram, width=96, clamp=True, alt=f"Spectrogram of row {row}")
        if "audio" in dataset.extra:
            rate = int(dataset.details.get("rate", 16_000))
            player.audio(np.asarray(dataset.extra["audio"][row], np.float32) / 32768, sample_rate=rate)
    st.caption("Log-mel spectrograms: time to the right, low tones at the bottom, loud is bright.")


def show_texts(dataset: Dataset) -> None:
    texts: Texts = dataset.x  # type: ignore[assignment]
    labels = dataset.label_names() if dataset.y is not None else None
    rows = [
        ({"Label": labels[i]} if labels else {}) | {"Text": texts[i][:400]}
        for i in range(min(40, len(texts)))
    ]
    st.dataframe(rows, width="stretch", height=320, hide_index=True)
    sample = np.linspace(0, len(texts) - 1, min(len(texts), 20_000)).astype(int)
    lengths = np.array([len(texts[int(i)]) for i in sample])
    top = float(np.quantile(lengths, 0.99))
    st.plotly_chart(
        histogram(lengths[lengths <= top], "characters a text"),
        key="lengths",
        config={"displayModeBar": False},
    )
    st.caption(
        f"Median {int(np.median(lengths)):,} characters, longest {int(lengths.max()):,}; the top 1 % is not drawn."
    )


def show_table(dataset: Dataset) -> None:
    labels = dataset.label_names() if dataset.y is not None else None
    names = list(dataset.columns)[:40]
    head = np.asarray(dataset.x[:100, : len(names)])
    rows = [
        ({"Label": labels[i]} if labels else {}) | dict(zip(names, map(float, row), strict=True))
        for i, row in enumerate(head)
    ]
    st.dataframe(rows, width="stretch", height=280, hide_index=True)
    column = st.selectbox("Distribution of", names, key=f"column-{dataset.id}")
    values = np.asarray(dataset.x[:, names.index(column)])
    values = values[np.isfinite(values)]
    if len(values):
        st.plotly_chart(histogram(values, column), key="distribution", config={"displayModeBar": False})
    else:
        st.caption("No number in this column.")
