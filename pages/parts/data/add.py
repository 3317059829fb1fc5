"""Adding data from files, recordings or a Hub id; `plan` shows what they contain and imports them."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.data.plan import refusals_shown, show_plan
from pages.parts.shared.choice import refuse_param
from pages.parts.shared.go import rerun
from pages.parts.shared.uploader import shows, uploader
from pages.parts.shared.workspace import errors_shown, hub_is_on, plain, workspace
from selfsup_core.data.importing.examples import EXAMPLES
from selfsup_core.data.library import uploads
from selfsup_core.data.limits import LIMITS, MB, describe_limits
from selfsup_core.translation import tr, tr_later, tr_values

WAYS = {
    "files": tr_later("Files"),
    "record": tr_later("Record or photograph"),
    "hub": tr_later("Hugging Face Hub"),
}


def show_add() -> None:
    """The section "Add data": folded to a line, unless the address asks for it or an import is pending."""
    if refuse_param("add", WAYS):
        st.stop()
    asked = st.query_params.get("add", "")
    if asked:  # stays open for this visit, also where a later address no longer asks for it
        st.session_state["adding"] = True
    is_open = st.session_state.get("adding", False) or bool(st.session_state.get("pending"))
    with st.expander(tr("**Add your own data**"), icon=":material/upload:", expanded=is_open):
        titles = tr_values(WAYS)
        files, record, hub = st.tabs(list(titles.values()), default=titles[asked or "files"])
        with files:
            show_uploader()
        with record:
            show_recorder()
        with hub:
            show_hub()
        pending = st.session_state.get("pending")
        if pending:
            files = [Path(p) for p in pending]
            with refusals_shown(files, "plan"):
                show_plan(files)


def show_uploader() -> None:
    uploaded = uploader(
        tr("Images, texts, a table or sounds"),
        None,  # by content: MNIST's files have no ending, and a refusal says what to do instead
        several=True,
        key=f"upload-{st.session_state.get('upload_round', 0)}",
        help=tr(
            "CSV, TSV, Excel, ODS, JSON, Parquet, Feather, Stata, SPSS, SAS, ARFF, libsvm, NPY, NPZ, HDF5, "
            "AnnData, MATLAB, IDX, TXT, PDF, DOCX, EPUB, HTML, TMX, SQuAD's JSON, images, DICOM, NIfTI, "
            "sounds, or a ZIP file with one folder per class. Folders called train, validation and test are "
            "kept as the split; boxes beside images are read as COCO, YOLO and Pascal VOC have them."
        ),
    )
    with st.popover(tr("Limits"), icon=":material/straighten:"):
        st.table([{tr("What"): what, tr("At most"): most} for what, most in describe_limits()])
    if not uploaded:
        show_examples()
    mark = [file.file_id for file in uploaded]
    if uploaded and st.session_state.get("kept_upload") != mark:
        st.session_state["kept_upload"] = mark
        st.session_state.pop("pending", None)
        with errors_shown():
            keep([(file.name, file) for file in uploaded])
    elif not uploaded and st.session_state.pop("kept_upload", None):
        st.session_state.pop("pending", None)


def show_examples() -> None:
    """How each kind of layout is meant to look, with a small file of it to download."""
    with st.expander(tr("What can I bring?"), icon=":material/help:"):
        for example in EXAMPLES:
            about, button = st.columns((4, 1), vertical_alignment="center")
            about.markdown(f"**{tr(example.title)}**  \n{tr(example.about)}")
            button.download_button(
                example.file,
                example.make,
                example.file,
                icon=":material/download:",
                key=f"example-{example.name}",
                on_click="ignore",
                width="stretch",
            )


def keep(files: list[tuple[str, Any]]) -> None:
    """Write files to disk; the plan is then made from there."""
    paths = uploads.keep_upload(workspace(), files)
    st.session_state["pending"] = [str(path) for path in paths]


def show_recorder() -> None:
    """Record sounds or photographs, each with a class, and collect them for a data set."""
    samples: list[tuple[str, str, bytes]] = st.session_state.setdefault("samples", [])
    kind = st.segmented_control(
        tr("Sample"), [tr("Sound"), tr("Photograph")], default=tr("Sound"), key="sample-kind"
    )
    label = st.text_input(tr("Class of the sample"), key="sample-label", max_chars=40)
    place = f"sample-{kind}-{len(samples)}"
    if kind == "Photograph":
        taken, ending = st.camera_input(tr("Photograph"), key=place), "jpg"
    else:
        taken, ending = st.audio_input(tr("Record a sound"), key=place), "wav"
    shows(taken)
    if taken and st.button(tr("Keep this sample"), icon=":material/add:", key="keep-sample"):
        if sum(len(content) for _, _, content in samples) + taken.size > LIMITS.recorded_bytes:
            st.error(
                tr(
                    "Recorded samples may have at most {recorded_bytes} MB together. Create a "
                    "data set from them, or record shorter ones."
                ).format(recorded_bytes=LIMITS.recorded_bytes // MB),
                icon=":material/error:",
            )
        else:
            samples.append((label.strip() or tr("no class"), ending, taken.getvalue()))
            rerun()
    if not samples:
        st.caption(tr("Keep a few samples per class, then create a data set from them."))
        return
    st.caption(
        tr("{count} samples: ").format(count=len(samples)) + plain(", ".join(name for name, _, _ in samples))
    )
    make, drop = st.columns(2)
    if make.button(tr("Create a data set"), type="primary", key="make-samples"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for number, (name, end, content) in enumerate(samples):
                folder = re.sub(r"[^\w -]", "_", name)
                archive.writestr(f"{folder}/{number:03d}.{end}", content)
        buffer.seek(0)
        with errors_shown():
            keep([("recorded.zip", buffer)])
            st.session_state["samples"] = []
            rerun()
    if drop.button(tr("Start over"), key="drop-samples"):
        st.session_state["samples"] = []
        rerun()


def show_hub() -> None:
    if not hub_is_on():
        st.caption(tr("Switched off on this server. Its operator can set SELFSUP_HUB=on."))
        return
    name = st.text_input(
        tr("ID of a data set"),
        placeholder="owner/name",
        key="hub-id",
        help=tr("Texts and tables; they are downloaded to this machine."),
    ).strip()
    if st.button(tr("Fetch"), icon=":material/cloud_download:", key="hub-fetch"):
        if not name:
            st.warning(tr("Type the ID of a data set first, as owner/name."), icon=":material/edit:")
            return
        from selfsup_core.data.library.hub import fetch

        with errors_shown(), st.spinner(tr("Fetching …")):
            st.session_state["pending"] = [str(path) for path in fetch(workspace(), name)]
