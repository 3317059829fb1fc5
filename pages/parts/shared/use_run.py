"""New files through a run: codes, reconstructions and anomaly scores, to look at and to download."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired

import numpy as np
import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.new_files import KINDS, SAID, lying
from pages.parts.shared.uploader import uploader
from pages.parts.shared.workspace import errors_shown, plain
from selfsup_core.figures.standing import tile_sheet
from selfsup_core.inspection.questions.predictor import PredictedSome
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.folder import ENDED, RunFolder, read_state
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import brief, counted

if TYPE_CHECKING:
    from selfsup_core.export.predicted import PredictedSample

TASKS = {
    "autoencoder": tr_later(
        "What this run makes of other samples: their codes, their reconstructions, and an anomaly score, "
        "which is high for what is unlike the training data."
    ),
    "views": tr_later(
        "What this run makes of other samples: their codes, and an anomaly score, which is high for what is "
        "unlike the training data."
    ),
    "language": tr_later(
        "What this run makes of other texts: how surprising each is, and a code, the mean over its tokens."
    ),
}
MADE = "use-run-made"  # of the session: what was asked, its answer, and the ZIP file
SHOWN_CODE = 4  # numbers


class Made(PredictedSome):
    """What is shown. sheet: inputs over reconstructions, (H, W[, 3]) bytes. zip: the file with all of it."""

    zip: bytes
    sheet: NotRequired[np.ndarray]


def show_use(folder: RunFolder) -> None:
    """Nothing for a classifier, which has a mode of its own, and while the run is at work."""
    state = read_state(folder)
    if state.get("task", "autoencoder") not in TASKS or state["status"] not in ENDED or state["epoch"] < 1:
        return
    with st.expander(
        tr("Use on new files"), icon=":material/upload_file:", key="use-run", on_change="rerun"
    ) as box:
        if box.open:
            show_open(folder)


@st.fragment
def show_open(folder: RunFolder) -> None:
    state = read_state(folder)
    kind = "text" if state.get("task") == "language" else state["kind"]
    st.caption(tr(TASKS[state.get("task", "autoencoder")]))
    text = ""
    if kind == "text":
        with st.form("use-run-form", border=False):
            text = st.text_area(tr("Texts, one per line"), key="use-run-text", height=100, max_chars=200_000)
            st.form_submit_button(tr("Read"), type="primary", key="use-run-go")
    said = tr(SAID[kind])
    files = uploader(
        tr("Or {said}").format(said=said) if kind == "text" else said[0].upper() + said[1:],
        KINDS[kind],
        several=True,
        key=f"use-run-files-{kind}",
        help=tr("They are read but not kept."),
    )
    texts = [line for line in text.splitlines() if line.strip()]
    asked = (folder.id, *texts, *(file.file_id for file in files))
    if len(asked) == 1:
        st.session_state.pop(MADE, None)
        return
    with errors_shown():
        if st.session_state.get(MADE, ((), None))[0] != asked:
            st.session_state[MADE] = (asked, None)  # asked once, also where it is refused
            with st.spinner(tr("Reading …")):
                st.session_state[MADE] = (asked, ask(folder, texts, files))
        made = st.session_state[MADE][1]
        if made:
            show_made(folder, made)


def ask(folder: RunFolder, texts: list[str], files: list[Any]) -> Made:
    with lying(files) as paths, tempfile.TemporaryDirectory() as place:
        target = Path(place) / "made.zip"
        values = {"texts": texts, "files": paths, "target": str(target)}
        answer = routes.lab().ask(Subject("predictor", folder.id), "predict", values)
        made: Made = {**answer.about, "zip": target.read_bytes()}  # type: ignore[typeddict-item]
    if answer.arrays:
        inputs, rebuilt = answer.arrays["inputs"], answer.arrays["rebuilt"]
        count = len(inputs)
        made["sheet"] = tile_sheet(inputs.reshape(count, -1), rebuilt.reshape(count, -1), inputs.shape[1:])
    return made


def show_made(folder: RunFolder, made: Made) -> None:
    said = [
        tr("{samples} through the weights of epoch {epoch}.").format(
            samples=counted(made["count"], "sample"), epoch=made["epoch"]
        )
    ]
    if made["limit"] is not None:
        said.append(
            tr(
                "{score}: 99% of the training samples are below {limit}; {unusual:,} of {count:,} new ones "
                "are above, and unusual."
            ).format(
                score=made["score"], limit=brief(made["limit"]), unusual=made["unusual"], count=made["count"]
            )
        )
    st.caption(plain(" ".join([*said, *made["notes"][:5]])))
    if "sheet" in made:
        st.image(made["sheet"], alt=tr("The first samples, and their reconstructions below them"))
        st.caption(tr("The first samples, and their reconstructions below them"))
    st.dataframe([row_of(one) for one in made["samples"]], hide_index=True, key="use-run-table")
    if made["count"] > len(made["samples"]):
        st.caption(
            tr("The first {most_shown} are shown; the file has all.").format(most_shown=len(made["samples"]))
        )
    st.download_button(
        tr("Download all (ZIP)"),
        made["zip"],
        f"{folder.id}-new-samples.zip",
        "application/zip",
        key="use-run-zip",
        icon=":material/download:",
        on_click="ignore",
        help=tr("Tables as CSV, codes and reconstructions."),
    )


def row_of(one: PredictedSample) -> dict[str, object]:
    row: dict[str, object] = {tr("Sample"): one["item"][:300]}
    if "score" in one:
        row[tr("Anomaly score")] = one["score"]
    if "is_unusual" in one:
        row[tr("Unusual")] = one["is_unusual"]
    if "perplexity" in one:
        row[tr("Perplexity")] = one["perplexity"]
        row[tr("Bits per character")] = one["bits_per_character"]
    if "code" in one:
        code = [brief(value) for value in one["code"][:SHOWN_CODE]]
        row[tr("Code")] = ", ".join(code) + (", …" if len(one["code"]) > SHOWN_CODE else "")
    if one["far"]:
        row[tr("Unlike the training data")] = one["far"]
    return row
