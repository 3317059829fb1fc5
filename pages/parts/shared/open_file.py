"""Opening a run that somebody has packed: an upload that becomes a run of this studio."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from pages.parts.shared.go import rerun
from pages.parts.shared.runlist import AUTOENCODER, PAGES
from pages.parts.shared.uploader import copy_to, uploader
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.runs.folder import read_state
from selfsup_core.runs.unpack import Opened, unpack_run
from selfsup_core.translation import tr

OPENED = "run-file-opened"  # of the session: (file, run, sentence)


def show_open_file() -> None:
    """A folded upload; the run that came of it can be opened below."""
    with st.expander(tr("Open a run file"), icon=":material/folder_open:"):
        st.caption(
            tr("A ZIP file that “Export this run” or `runs pack` has written, in this or another studio.")
        )
        files = uploader(tr("Run file"), ["zip"], key="run-file")
        if not files:
            st.session_state.pop(OPENED, None)
            return
        file = files[0]
        if st.session_state.get(OPENED, ("",))[0] != file.file_id:
            with errors_shown(), st.spinner(tr("Checking the file …")):
                opened = open_upload(file)
                st.session_state[OPENED] = (file.file_id, opened.folder, opened.say())
                rerun()  # the list above has one more
        mark, folder, said = st.session_state.get(OPENED, ("", None, ""))
        if mark != file.file_id or not folder.exists():
            return
        st.success(plain(said), icon=":material/check:")
        page, mode = PAGES.get(read_state(folder).get("task", ""), AUTOENCODER)
        st.page_link(
            page,
            label=tr("Open this run"),
            icon=":material/open_in_new:",
            query_params={"run": folder.id} | ({"do": mode} if mode else {}),
        )


def open_upload(file: object) -> Opened:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "run.zip"
        copy_to(file, path)
        return unpack_run(workspace(), path, called=str(getattr(file, "name", "The file")))
