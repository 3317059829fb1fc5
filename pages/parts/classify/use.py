"""Use a classifier: name the classes of texts or files, take the predictions or the classifier away."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.classify.explain import show_why
from pages.parts.shared import routes
from pages.parts.shared.choice import choose_one
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.export.datasets import harmless
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.folder import list_states

TASKS = ("classify", "pseudo")
KINDS = {
    "image": ["png", "jpg", "jpeg", "bmp", "gif", "webp", "tif", "tiff"],
    "sound": ["wav"],
    "table": ["csv"],
    "text": ["txt"],
}
SAID = {
    "text": "a text file, one text a line",
    "image": "pictures",
    "sound": "WAV files",
    "table": "a CSV file with the same columns",
}
MOST_SHOWN = 200
MOST_BARS = 8


def choose_run() -> dict[str, Any] | None:
    """A run with a classifier that has finished an epoch."""
    states = {s["run"]: s for s in list_states(workspace()) if s.get("task") in TASKS and s["epoch"] >= 1}
    if not states:
        st.info("There is no classifier yet. Train one first.", icon=":material/info:")
        return None
    wanted = st.query_params.get("run", "")
    if wanted in states and st.session_state.get("use-taken") != wanted:
        st.session_state["use-taken"] = st.session_state["use-run"] = wanted
    if st.session_state.get("use-run") not in states:
        st.session_state["use-run"] = next(iter(states))
    run = choose_one(
        st,
        "Classifier",
        {r: f"{state['name']} · {r}" for r, state in states.items()},
        key="use-run",
        help="Its best epoch is used; of one with pseudo-labels the student of the last epoch.",
    )
    st.query_params["run"] = run
    return states[run]


def ask_texts(run: str, text: str) -> dict[str, Any]:
    texts = [line for line in text.splitlines() if line.strip()]
    return dict(routes.lab().ask(Subject("classifier", run), "predict", {"texts": texts}).about)


def ask_files(run: str, files: list[Any]) -> dict[str, Any]:
    """The uploads lie in a folder of their own while they are read."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, file in enumerate(files):
            place = Path(folder) / str(number)
            place.mkdir()
            path = place / (Path(file.name).name or "file")
            path.write_bytes(file.getvalue())
            paths.append(str(path))
        return dict(routes.lab().ask(Subject("classifier", run), "predict", {"files": paths}).about)


def show_found(made: dict[str, Any]) -> None:
    """A table; for few samples a bar for each class."""
    found, classes = made["found"], made["classes"]
    st.caption(f"{len(found):,} classified by epoch {made['epoch']}.")
    rows = [
        {"Sample": one["item"][:300], "Class": one["label"], "Probability": one["probability"]}
        for one in found[:MOST_SHOWN]
    ]
    percent = st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0)
    st.dataframe(rows, hide_index=True, column_config={"Probability": percent}, key="use-table")
    if len(found) > MOST_SHOWN:
        st.caption(f"The first {MOST_SHOWN}; all are in the file.")
    if len(found) == 1:
        ranked = sorted(found[0]["probabilities"].items(), key=lambda pair: -pair[1])[:MOST_BARS]
        for name, p in ranked:
            st.progress(p, f"{plain(name)}: {p:.1%}")
    st.download_button(
        "All predictions, CSV",
        as_csv(found, classes),
        "predictions.csv",
        "text/csv",
        key="use-csv",
        icon=":material/download:",
        on_click="ignore",
    )


def as_csv(found: list[dict[str, Any]], classes: list[str]) -> bytes:
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(["sample", "class", "probability", *[f"p {harmless(name)}" for name in classes]])
    for one in found:
        shares = [f"{one['probabilities'][name]:.6f}" for name in classes]
        writer.writerow([harmless(one["item"]), harmless(one["label"]), f"{one['probability']:.6f}", *shares])
    return lines.getvalue().encode()


def show_export(run: str) -> None:
    with st.expander("Export classifier", icon=":material/download:"):
        st.caption(
            "A folder as a zip: safetensors and JSON; a fine-tuned transformer in Hugging Face's layout. "
            "`classify predict FOLDER text` predicts with it."
        )
        if st.button("Make the zip", key="use-export", icon=":material/folder_zip:"):
            with errors_shown(), st.spinner("Writing."), tempfile.TemporaryDirectory() as folder:
                target = Path(folder) / "classifier.zip"
                routes.lab().ask(Subject("classifier", run), "export", {"target": str(target)})
                st.session_state["use-zip"] = (run, target.read_bytes())
        ready = st.session_state.get("use-zip")
        if ready and ready[0] == run:
            st.download_button(
                "Download the zip",
                ready[1],
                f"{run}-classifier.zip",
                "application/zip",
                key="use-zip-take",
                icon=":material/download:",
                on_click="ignore",
            )


def show() -> None:
    """The whole mode."""
    state = choose_run()
    if state is None:
        return
    run, kind = state["run"], state["kind"]
    made = None
    with errors_shown():
        if kind == "text":
            text = st.text_area(
                "Texts, one a line",
                key="use-text",
                height=120,
                max_chars=200_000,
                help="Each line is classified by itself.",
            )
            if st.button("Classify", type="primary", key="use-go", disabled=not text.strip()):
                with st.spinner("Reading."):
                    made = ask_texts(run, text)
        files = st.file_uploader(
            f"Or {SAID[kind]}" if kind == "text" else SAID[kind][0].upper() + SAID[kind][1:],
            KINDS[kind],
            accept_multiple_files=True,
            key=f"use-files-{kind}",
            help="They are read and not kept.",
        )
        if files and made is None:
            with st.spinner("Reading."):
                made = ask_files(run, files)
        if made:
            st.session_state["use-made"] = (run, made)
    kept = st.session_state.get("use-made")
    if kept and kept[0] == run:
        show_found(kept[1])
        if kind == "text" and len(kept[1]["found"]) == 1:
            with st.expander(
                "Why this label?", icon=":material/help:", key="use-why", on_change="rerun"
            ) as box:
                if box.open:
                    show_why(run, text=kept[1]["found"][0]["item"])
    show_export(run)
