"""A run's language model to export: a button that makes the file, then one that downloads it."""

from __future__ import annotations

import streamlit as st

from pages.parts.language.pick import ask
from pages.parts.shared.workspace import errors_shown, serves_this_machine_only, workspace
from selfsup_core.data.limits import MB
from selfsup_core.translation import tr

MOST_BYTES = 300 * MB  # a download is held in the server's memory


def show_export(model: str) -> None:
    """Args: model: run:ID or run:ID@EPOCH."""
    if st.button(
        tr("Export"),
        key="language-export",
        icon=":material/archive:",
        help=tr(
            "This model as a ZIP file with safetensors, settings and tokenizer, ready for the transformers "
            "library."
        ),
    ):
        with errors_shown(), st.spinner(tr("Writing the files …")):
            st.session_state["language-exported"] = (model, ask(model, "export"))
    name, made = st.session_state.get("language-exported", ("", {}))
    if name != model:
        return
    path = workspace() / made["file"]
    if not path.is_file():
        st.session_state.pop("language-exported")
        return
    if made["bytes"] > MOST_BYTES:
        where = (
            str(path)
            if serves_this_machine_only()
            else tr("the workspace, in {file}").format(file=made["file"])
        )
        st.info(
            tr("Epoch {epoch} ({bytes:,.0f} MB) is in {where}.").format(
                epoch=made["epoch"], bytes=made["bytes"] / MB, where=where
            ),
            icon=":material/archive:",
        )
        return
    with open(path, "rb") as file:
        st.download_button(
            tr("Download epoch {epoch} ({bytes:,.1f} MB)").format(
                epoch=made["epoch"], bytes=made["bytes"] / MB
            ),
            file,
            path.name,
            key="language-download",
            icon=":material/download:",
            on_click="ignore",
            help=tr("Unpack it, then load the folder with AutoModelForCausalLM.from_pretrained."),
        )
