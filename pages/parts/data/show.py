"""One data set: preview, health with mends, split and label budget, and what can be done with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.parts.data.names import show_names
from pages.parts.shared.forms import help_text, widget
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.data.budget import describe_split
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.library import own
from selfsup_core.data.library.mends import MENDS
from selfsup_core.data.sources import OWN_NAME, Source, open_source
from selfsup_core.data.texts import Texts
from selfsup_core.evaluate.words.few_rows import warn_of_few_labels
from selfsup_core.export import datasets
from selfsup_core.features.config import DataConfig
from selfsup_core.figures.data import class_rows, histogram, label_bars, strip
from selfsup_core.settings import list_settings

SETTINGS = {entry.path: entry for entry in list_settings(DataConfig)}
MOST_CLASSES, EACH = 12, 12
LEVELS = {"warning": ("orange", ":material/warning:"), "note": ("blue", ":material/info:")}


def show_dataset(name: str, source: Source) -> None:
    dataset = open_source(name, workspace())
    line, train = st.columns((5, 1.6), vertical_alignment="center")
    line.markdown(headline(dataset))
    if train.button(
        "Train on it",
        icon=":material/play_arrow:",
        type="primary",
        key="train-on-it",
        width="stretch",
        help="Opens the autoencoder page with this data set.",
    ):
        st.switch_page("pages/autoencoder.py", query_params={"data": name})
    with line.container(horizontal=True):
        if dataset.kind == "text":
            st.page_link(
                "pages/language.py",
                label="Train a language model on it",
                icon=":material/edit_note:",
                query_params={"do": "train", "data": name},
            )
        if len(dataset.classes) >= 2:
            st.page_link(
                "pages/classify.py",
                label="Train a classifier on it",
                icon=":material/label:",
                query_params={"do": "pseudo", "data": name},
            )
    preview, health, split, about = st.tabs(
        ["Preview", "Health", "Split and labels", "About"], key="data-tabs", on_change="rerun"
    )
    # Only what is looked at is computed; a health check of a large set takes seconds.
    if preview.open:
        with preview:
            show_preview(dataset)
    if health.open:
        with health:
            show_health(name, dataset)
    if split.open:
        with split:
            show_split(name, dataset)
    if about.open:
        with about:
            show_about(name, dataset, source)


def headline(dataset: Dataset) -> str:
    """ "**5,000** images · **28 × 28** · **10** classes" """
    words = {"image": "images", "table": "rows", "text": "texts", "sound": "sounds"}
    parts = [f"**{len(dataset):,}** {words[dataset.kind]}"]
    if dataset.kind == "table":
        parts.append(f"**{dataset.width}** columns")
    elif dataset.item_shape:
        parts.append(f"**{' × '.join(map(str, dataset.item_shape))}**")
    if dataset.classes:
        parts.append(f"**{len(dataset.classes)}** classes")
    return " · ".join(parts)


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
                if dataset.y is not None:
                    name = dataset.classes[index] if index >= 0 else "no label"
                    st.caption(plain(name), width=80)
                st.image(strip(dataset.x[part], dataset.scale), width=len(part) * 48, clamp=True)


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
        picture.image(strip(dataset.x[[row]], dataset.scale), width=96, clamp=True)
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


def show_health(name: str, dataset: Dataset) -> None:
    with errors_shown():
        with st.spinner("Looking for copies, gaps and doubtful labels …"):
            findings = own.check(workspace(), name)
        warnings = sum(f["level"] == "warning" for f in findings)
        if not findings:
            st.success("No problems found.", icon=":material/check_circle:")
        elif not warnings:
            st.success("Fit to train on. Good to know:", icon=":material/check_circle:")
        for finding in findings:
            show_finding(name, dataset, finding)


def show_finding(name: str, dataset: Dataset, finding: dict[str, Any]) -> None:
    color, icon = LEVELS[finding["level"]]
    with st.container(border=True):
        text, action = st.columns((5, 1.4), vertical_alignment="center")
        text.markdown(f":{color}[{icon}] **{plain(finding['title'])}.** {plain(finding['why'])}")
        if finding["mend"]:
            label = MENDS[finding["mend"]][0]
            if action.button(
                label,
                key=f"mend-{finding['code']}",
                icon=":material/healing:",
                width="stretch",
                help="Makes a new version; this one stays.",
            ):
                with errors_shown(), st.spinner("Making a new version …"):
                    new = own.mend(workspace(), name, [finding["mend"]])
                    st.query_params.from_dict({"data": new})
                    st.session_state.pop("data-choice-taken", None)
                    st.rerun()
        if finding["names"]:
            text.caption(plain(" · ".join(finding["names"])))
        if finding["rows"] and dataset.kind in ("image", "sound"):
            text.image(
                strip(dataset.x[finding["rows"]], dataset.scale),
                width=48 * len(finding["rows"]),
                clamp=True,
            )
        elif finding["rows"] and isinstance(dataset.x, Texts):
            for row in finding["rows"][:3]:
                text.caption(plain(f"row {row + 1}: {dataset.x[row][:160]}"))
        elif finding["rows"] and not finding["names"]:
            text.caption("Rows " + ", ".join(str(row + 1) for row in finding["rows"]))


def show_split(name: str, dataset: Dataset) -> None:
    kept = own.read_split(workspace(), name)
    values: dict[str, Any] = {}
    columns = st.columns(3)
    for column, path in zip(columns, ("validation", "test", "split_seed"), strict=True):
        with column:
            values[path] = widget(
                SETTINGS[path], kept.get(path, SETTINGS[path].default), key=f"split-{name}-{path}"
            )
    if dataset.y is not None:
        values |= choose_budget(name, kept)
    else:
        st.caption("There are no labels in this data set, so there is nothing to hide.")
    with errors_shown():
        config = DataConfig(source=name, **(kept | values))
        outcome = describe_split(dataset, config)
        for column, part, help_ in zip(
            st.columns(5 if dataset.y is not None else 3),
            ("train", "validation", "test", "labels_seen", "labels_hidden"),
            (
                "The network learns from these.",
                "Watched while it trains.",
                "Set aside until the end.",
                "The learner may use these.",
                "Only for the audit afterwards.",
            ),
            strict=False,
        ):
            column.metric(part.replace("_", " ").capitalize(), f"{outcome[part]:,}", help=help_)
        if outcome["note"]:
            st.caption(outcome["note"])
        if dataset.y is not None and (warned := warn_of_few_labels(outcome)):
            st.caption(f":orange[:material/warning:] {plain(warned['text'])}")
        if dataset.groups is not None and not dataset.grouped_by:
            st.caption("Copies of a sample always lie on the same side of the split.")
        if outcome["classes"]:
            st.dataframe(
                [
                    {"Class": c} | {k.capitalize(): v for k, v in counts.items()}
                    for c, counts in outcome["classes"].items()
                ],
                width="stretch",
                hide_index=True,
                height=min(300, 38 + 35 * len(outcome["classes"])),
            )
        if st.button(
            "Use this split",
            type="primary",
            key="save-split",
            icon=":material/check:",
            help="New runs on this data set begin with it.",
        ):
            own.save_split(workspace(), name, **values)
            st.toast("New runs on this data set begin with this split.")


def choose_budget(name: str, kept: dict[str, Any]) -> dict[str, Any]:
    """Which labels may be seen: all that are there, some of each class, or a share."""
    number, share = kept.get("labels_per_class", 0), kept.get("labels_fraction", 1.0)
    ways = ["All labels", "Some of each class", "A share"]
    before = ways[1] if number else ways[2] if share < 1 else ways[0]
    way = st.segmented_control(
        "Labels the learner may see",
        ways,
        default=before,
        key=f"budget-{name}",
        help="The others are hidden and serve only to check the outcome. Rows without a label always "
        "stay unlabeled.",
    )
    if way == ways[1]:
        entry = SETTINGS["labels_per_class"]
        n = st.number_input(
            entry.title, 1, int(entry.high or 1), number or 10, key=f"perclass-{name}", help=help_text(entry)
        )
        return {"labels_per_class": int(n), "labels_fraction": 1.0}
    if way == ways[2]:
        share = st.slider(
            "Share of labels, %", 1, 100, round(100 * share) if share < 1 else 10, key=f"share-{name}"
        )
        return {"labels_per_class": 0, "labels_fraction": share / 100}
    return {"labels_per_class": 0, "labels_fraction": 1.0}


def show_about(name: str, dataset: Dataset, source: Source) -> None:
    facts = {
        "Name for commands": name,
        **{k.capitalize(): v for k, v in dataset.provenance.items()},
    }
    if recipe := dataset.details.get("recipe"):
        facts["Mends"] = ", ".join(recipe)
    for key, value in facts.items():
        with st.container(horizontal=True, gap="small"):
            st.caption(key, width=150)
            st.text(value)
    for note in dataset.details.get("notes", []):
        st.caption(f":material/info: {plain(note)}")
    aside = dataset.details.get("aside", {})
    if aside:
        st.dataframe([{"Set aside": k, "Why": v} for k, v in aside.items()], hide_index=True)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        form = "Parquet" if dataset.kind in ("text", "table") else "ZIP"
        file = f"{name}-{dataset.digest[:8]}.{form.lower()}"
        st.download_button(
            f"Download {form}",
            lambda: datasets.export_dataset(workspace(), name)[1],
            file_name=file,
            icon=":material/download:",
            key="download",
            on_click="ignore",
        )
        if OWN_NAME.fullmatch(name):
            show_own(name, dataset)


def show_own(name: str, dataset: Dataset) -> None:
    """What only a set of one's own allows."""
    title = st.text_input("Title", dataset.title, key=f"title-{name}", max_chars=80)
    if st.button("Rename", key="rename", icon=":material/edit:", disabled=title == dataset.title):
        with errors_shown():
            own.rename(workspace(), name, title)
            st.rerun()
    if st.button(
        "Delete",
        key="delete-data",
        icon=":material/delete:",
        help="It can be restored for seven days. Runs made with it stay.",
    ):
        with errors_shown():
            own.delete(workspace(), name)
            st.session_state["just-deleted"] = name
            st.query_params.clear()
            st.rerun()
