"""Preview of a data set: pictures, sounds, texts or rows."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts.data.gallery import pictures_of, show_gallery
from pages.parts.data.names import show_names
from pages.parts.shared.tables import show_table
from pages.parts.shared.workspace import plain
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.spoken import TRANSCRIPT, wave_of
from selfsup_core.data.texts import Texts
from selfsup_core.figures.data import class_rows, histogram, label_bars
from selfsup_core.translation import tr

MOST_CLASSES = 12
EACH = 8  # pictures of a class
ALONE = 48  # pictures where there are no classes
SOUNDS = 6
MOST_BARS = 30  # classes
TEXTS = 12
LETTERS = 600
NO_BAR = {"displayModeBar": False}


def count_labels(dataset: Dataset) -> dict[str, int]:
    """Rows of each class, the largest of them, and under "" those without a label."""
    if dataset.y is None:
        return {}
    y = np.asarray(dataset.y)
    counts = np.bincount(y[y >= 0], minlength=len(dataset.classes))
    largest = sorted(np.argsort(-counts, kind="stable")[:MOST_BARS].tolist())
    found = {dataset.classes[i]: int(counts[i]) for i in largest}
    return found | ({"": int((y < 0).sum())} if (y < 0).any() else {})


def show_preview(name: str, dataset: Dataset) -> None:
    counts = count_labels(dataset)
    if dataset.kind == "table":
        show_table(name, dataset)
    left, right = st.columns((2.2, 1)) if counts else (st.container(), None)
    with left:
        if dataset.kind == "table":
            show_distribution(dataset)
        else:
            {"image": show_images, "sound": show_sounds, "text": show_texts}[dataset.kind](dataset)
        show_names(dataset)
    if right:
        with right:
            st.markdown(tr("**Labels**"))
            st.plotly_chart(label_bars(counts), key="label-bars", config=NO_BAR)
            others = len(dataset.classes) - MOST_BARS
            if others > 0:
                rows = len(dataset) - sum(counts.values())
                st.caption(
                    tr(
                        "The {most_bars} largest classes; {others:,} others have {rows:,} rows together."
                    ).format(most_bars=MOST_BARS, others=others, rows=rows)
                )


def show_images(dataset: Dataset) -> None:
    each = EACH if dataset.y is not None else min(ALONE, len(dataset))
    groups = class_rows(dataset.y, len(dataset.classes), each)
    names = [*dataset.classes, tr("no label")] if dataset.y is not None else [""]
    show_gallery(
        [
            {"title": names[index], "pictures": pictures_of(dataset, rows)}
            for index, rows in groups[:MOST_CLASSES]
        ],
        key=f"gallery-{dataset.id}",
    )
    if len(groups) > MOST_CLASSES:
        st.caption(
            tr("The first {most_classes} of {count} classes.").format(
                most_classes=MOST_CLASSES, count=len(groups)
            )
        )


def show_sounds(dataset: Dataset) -> None:
    names = list(dataset.classes) or ["all"]
    chosen = (
        st.pills(tr("Class"), names, default=names[0], format_func=plain, key=f"sound-class-{dataset.id}")
        or names[0]
    )
    rows = (
        np.arange(min(SOUNDS, len(dataset)))
        if dataset.y is None
        else np.flatnonzero(np.asarray(dataset.y) == names.index(chosen))[:SOUNDS]
    )
    if "audio" not in dataset.extra:
        show_gallery(
            [{"title": "", "pictures": pictures_of(dataset, rows)}], key=f"gallery-{dataset.id}-{chosen}"
        )
    else:
        rate = int(dataset.details.get("rate", 16_000))
        for row, picture in zip(rows.tolist(), pictures_of(dataset, rows), strict=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.image(picture["src"], width=112, alt=f"Spectrogram, {picture['name']}")
                with st.container(gap="xsmall"):
                    st.caption(plain(picture["name"]))
                    st.audio(wave_of(dataset, row).astype(np.float32) / 32768, sample_rate=rate)
                    if TRANSCRIPT in dataset.extra:
                        st.caption(plain(str(dataset.extra[TRANSCRIPT][row])))
    st.caption(
        tr(
            "Log-mel spectrograms: time runs to the right, low frequencies are at the "
            "bottom, and loud is bright."
        )
    )


def show_texts(dataset: Dataset) -> None:
    texts: Texts = dataset.x  # type: ignore[assignment]
    labels = dataset.label_names() if dataset.y is not None else None
    with st.container(height=460, border=True):
        for row in range(min(TEXTS, len(texts))):
            show_text(
                texts[row], tr("row {row}").format(row=row), labels[row] or tr("no label") if labels else ""
            )
    lengths = lengths_of(texts, dataset.digest)
    top = float(np.quantile(lengths, 0.99))
    st.plotly_chart(
        histogram(lengths[lengths <= top], tr("characters per text")), key="lengths", config=NO_BAR
    )
    st.caption(
        tr("Median {median:,} characters, longest {max:,}; the longest 1% is not shown.").format(
            median=int(np.median(lengths)), max=int(lengths.max())
        )
    )


@st.cache_data(max_entries=30, show_spinner=False)
def lengths_of(_texts: Texts, digest: str) -> np.ndarray:
    """Characters of up to 20,000 texts. Args: digest: of the data set, which is the cache's key."""
    sample = np.linspace(0, len(_texts) - 1, min(len(_texts), 20_000)).astype(int)
    return np.array([len(_texts[int(i)]) for i in sample])


def show_text(text: str, name: str, label: str) -> None:
    """One text as it can be read, with its own line breaks; a long one is cut, and says how long it is."""
    badge = f":gray-badge[{plain(label)}] " if label else ""
    length = tr(", {count:,} characters").format(count=len(text)) if len(text) > LETTERS else ""
    st.caption(f"{badge}{plain(name)}{length}")
    st.text(f"{text[:LETTERS]}…" if len(text) > LETTERS else text)


def show_distribution(dataset: Dataset) -> None:
    names = list(dataset.columns)[:40]
    column = st.selectbox(tr("Distribution of"), names, key=f"column-{dataset.id}")
    values = np.asarray(dataset.x[:, names.index(column)])
    values = values[np.isfinite(values)]
    if len(values):
        st.plotly_chart(histogram(values, column), key="distribution", config=NO_BAR)
    else:
        st.caption(tr("This column has no numbers."))
