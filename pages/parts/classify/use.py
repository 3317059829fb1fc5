"""Try a classifier: classify texts or files, export the predictions or the classifier."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NotRequired

import streamlit as st

from pages.parts.classify.explain import show_why
from pages.parts.classify.tryout import describe_hits, found_columns, show_tryout
from pages.parts.shared import routes
from pages.parts.shared.choice import choose_asked
from pages.parts.shared.forms import number_field
from pages.parts.shared.go import rerun
from pages.parts.shared.new_files import KINDS, SAID, lying
from pages.parts.shared.uploader import uploader
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.errors import StudioError
from selfsup_core.evaluate.words.verdict import describe_accuracy
from selfsup_core.export.new_samples import TABLES, choose_text_column, predictions_csv, read_table
from selfsup_core.inspection.questions.classifier import Predictions
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.folder import ACTIVE, RunState, list_states, open_run, read_state
from selfsup_core.translation import tr
from selfsup_core.wording import counted, percent

TASKS = ("classify", "pseudo")
YOURS = {"text": "texts", "image": "pictures", "sound": "sounds", "table": "rows"}
MOST_SHOWN = 200
MOST_BARS = 8


class Made(Predictions):
    """Predictions, and what they are of, by which one of them can be explained. texts: whether they were
    typed.
    """

    texts: bool
    column: NotRequired[str]


def choose_run() -> RunState | None:
    """A run with a classifier that has finished an epoch."""
    states = {s["run"]: s for s in list_states(workspace()) if s.get("task") in TASKS and s["epoch"] >= 1}
    if not states:
        st.info(tr("There is no trained classifier yet. Train one first."), icon=":material/info:")
        if asked := st.query_params.get("run", ""):
            st.error(plain(refuse_run(asked)), icon=":material/error:")
            wait_for_epoch(asked)
        return None
    run = choose_asked(
        st,
        tr("Classifier"),
        {r: f"{state['name']} · {r}" for r, state in states.items()},
        key="use-run",
        param="run",
        default=next(iter(states)),
        refusal=refuse_run,
        help=tr(
            "The best epoch's weights are used; of a run with pseudo-labels, the student of the last round."
        ),
        writes=True,
    )
    if run is None:
        wait_for_epoch(st.query_params.get("run", ""))
        return None
    return states[run]


def wait_for_epoch(run: str) -> None:
    """Poll a run that the address names, and show it once it has finished an epoch."""
    try:
        folder = open_run(workspace(), run)
        is_active = read_state(folder)["status"] in ACTIVE
    except StudioError:
        return

    @st.fragment(run_every=2.0 if is_active else None)
    def look() -> None:
        with errors_shown():
            state = read_state(folder)
            if state["epoch"] >= 1 and state.get("task") in TASKS:
                rerun()

    look()


def refuse_run(run: str) -> str:
    """Why a run that the address asks for cannot be tried."""
    try:
        state = read_state(open_run(workspace(), run))
    except StudioError as error:
        return tr("{message} It may have been deleted.").format(message=error.message)
    if state.get("task") not in TASKS:
        return tr("The run {run} is not a classifier.").format(run=run)
    return tr("The run {run} has no trained weights yet.").format(run=run)


def describe(state: RunState) -> None:
    """The classes of a classifier, and its accuracy."""
    accuracy = describe_accuracy(state)
    right = f" {accuracy[:1].upper()}{accuracy[1:]}." if accuracy else ""
    st.caption(
        plain(tr("Trained on {source_title}.{right}").format(source_title=state["source_title"], right=right))
    )


def ask_texts(run: str, text: str) -> Predictions:
    texts = [line for line in text.splitlines() if line.strip()]
    return dict(routes.lab().ask(Subject("classifier", run), "predict", {"texts": texts}).about)


def ask_files(run: str, files: list[Any], column: str) -> Predictions:
    with lying(files) as paths:
        values = {"files": paths, "column": column}
        return dict(routes.lab().ask(Subject("classifier", run), "predict", values).about)


def show_found(made: Made, source: str, kind: str) -> None:
    """A table; for few samples a bar for each class."""
    found, classes = made["found"], made["classes"]
    st.caption(
        tr("{samples} classified with the weights of epoch {epoch}. {hits}")
        .format(samples=counted(len(found), "sample"), epoch=made["epoch"], hits=describe_hits(found))
        .strip()
    )
    far = sum(bool(one["far"]) for one in found)
    if far:
        st.warning(
            (
                tr(
                    "{far:,} of {count:,} samples is unlike the training data, so its predictions should not "
                    "be trusted. The first: {next}"
                )
                if far == 1
                else tr(
                    "{far:,} of {count:,} samples are unlike the training data, so their predictions should "
                    "not be trusted. The first: {next}"
                )
            ).format(far=far, count=len(found), next=plain(next(one["far"] for one in found if one["far"]))),
            icon=":material/warning:",
        )
    rows = [
        {tr("Sample"): one["item"][:300]}
        | found_columns(source, kind, one)
        | {tr("Class"): one["label"], tr("Probability"): one["probability"]}
        | ({tr("Unlike the training data"): one["far"]} if far else {})
        for one in found[:MOST_SHOWN]
    ]
    as_percent = st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0)
    picture = st.column_config.ImageColumn(width="small")
    shown = {tr("Probability"): as_percent, tr("Picture"): picture}
    st.dataframe(rows, hide_index=True, column_config=shown, key="use-table")
    if len(found) > MOST_SHOWN:
        st.caption(tr("The first {most_shown} are shown; the file has all.").format(most_shown=MOST_SHOWN))
    if len(found) == 1:
        ranked = sorted(found[0]["probabilities"].items(), key=lambda pair: -pair[1])[:MOST_BARS]
        for name, p in ranked:
            st.progress(p, f"{plain(name)}: {percent(p, 1)}")
    st.download_button(
        tr("All predictions, CSV"),
        predictions_csv(found, classes),
        "predictions.csv",
        "text/csv",
        key="use-csv",
        icon=":material/download:",
        on_click="ignore",
    )


def show_reasons(run: str, made: Made, files: list[Any]) -> None:
    """Why one of the samples has its class; any of them can be chosen."""
    found = made["found"]
    with st.expander(tr("Why this label?"), icon=":material/help:", key="use-why", on_change="rerun") as box:
        if not box.open:
            return
        number = 1
        if len(found) > 1:
            number = number_field(st, tr("Sample"), 1, len(found), 1, key="use-why-number", width=160)
        one = found[number - 1]
        if "row" in one:
            show_why(run, row=one["row"])
        elif made["texts"]:
            show_why(run, text=one["item"])
        elif files:
            with lying(files) as paths:
                show_why(run, files=paths, column=made["column"], index=number - 1)
        else:
            st.caption(tr("Upload the file again to see why."))


def show_export(run: str) -> None:
    with st.expander(tr("Export classifier"), icon=":material/download:"):
        st.caption(
            tr(
                "A folder as a ZIP file: safetensors and JSON, or Hugging Face's layout for a fine-tuned "
                "transformer. Use it with `classify predict FOLDER text`."
            )
        )
        if st.button(tr("Create the ZIP file"), key="use-export", icon=":material/folder_zip:"):
            with (
                errors_shown(),
                st.spinner(tr("Creating the ZIP file …")),
                tempfile.TemporaryDirectory() as folder,
            ):
                target = Path(folder) / "classifier.zip"
                routes.lab().ask(Subject("classifier", run), "export", {"target": str(target)})
                st.session_state["use-zip"] = (run, target.read_bytes())
        ready = st.session_state.get("use-zip")
        if ready and ready[0] == run:
            st.download_button(
                tr("Download the ZIP file"),
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
    run, kind, source = state["run"], state["kind"], state["source"]
    describe(state)
    made = show_tryout(run, source, kind)
    if made:
        made |= {"texts": False}
    beside = st.container()  # their predictions appear directly below them
    st.markdown(tr("**Or with {yours} of your own**").format(yours=YOURS[kind]))
    with errors_shown():
        if kind == "text":
            text = st.text_area(
                tr("Texts, one per line"),
                key="use-text",
                height=120,
                max_chars=200_000,
                help=tr("Each line is classified separately."),
            )
            asked = st.button(tr("Classify"), type="primary", key="use-go")
            if asked and not text.strip():
                st.warning(tr("Type or paste a text first."), icon=":material/edit:")
            elif asked:
                with st.spinner(tr("Reading …")):
                    made = ask_texts(run, text) | {"texts": True}
        files = uploader(
            tr("Or {said}").format(said=tr(SAID[kind]))
            if kind == "text"
            else tr(SAID[kind])[0].upper() + tr(SAID[kind])[1:],
            KINDS[kind],
            several=True,
            key=f"use-files-{kind}",
            help=tr("They are read but not kept."),
        )
        column = choose_column(files) if kind == "text" else ""
        # Classified once, so that a later question's answer stays on the page.
        asked = (run, column, *(file.file_id for file in files))
        if not files:
            st.session_state.pop("use-files-asked", None)
        elif made is None and st.session_state.get("use-files-asked") != asked:
            st.session_state["use-files-asked"] = asked
            st.session_state.pop("use-made", None)
            with st.spinner(tr("Reading …")):
                made = ask_files(run, files, column) | {"texts": False, "column": column}
        if made:
            st.session_state["use-made"] = (run, made)
            st.session_state.pop("use-why-number", None)
    kept = st.session_state.get("use-made")
    if kept and kept[0] == run:
        is_tried = any("row" in one for one in kept[1]["found"])
        with beside if is_tried else st.container():
            show_found(kept[1], source, kind)
            with errors_shown():
                show_reasons(run, kept[1], files)
    show_export(run)


def choose_column(files: list[Any]) -> str:
    """The column with the texts, of a CSV file that has several; "" where there is nothing to choose."""
    tables = [file for file in files if file.name.lower().endswith(TABLES)]
    if not tables:
        return ""
    with lying(tables[:1]) as paths:
        names, rows = read_table(Path(paths[0]))
    if len(names) < 2:
        return ""
    found = choose_text_column(tables[0].name, names, rows, "")
    return str(
        st.selectbox(
            tr("Text column"),
            names,
            index=found,
            key=f"use-column-{tables[0].file_id}",
            help=tr("The column to classify; the others are kept in the file of predictions."),
        )
    )
