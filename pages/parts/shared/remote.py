"""A remote model: which variables name it, whether they are set, and a button that tests the connection."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts.shared.workspace import errors_shown, plain
from selfsup_core.translation import tr

SECONDS = 30.0


def show_remote_settings(key: str, secrets: Mapping[str, Any] | None = None) -> None:
    """Args: key: of the widgets. secrets: looked at when the environment names no address."""
    from selfsup_core.pretrained.remote.check import list_variables

    variables = list_variables(os.environ, secrets)
    st.markdown(
        tr(
            "Set the server with environment variables before you start the studio. The key "
            "is never shown and "
            "never stored in the workspace or the browser."
        )
    )
    st.dataframe(
        [
            {"Variable": v["name"], "Set": v["value"] or tr("not set"), "What it is": v["purpose"]}
            for v in variables
        ],
        hide_index=True,
        key=f"{key}-variables",
    )
    if not variables[0]["value"]:
        st.code(f"export {variables[0]['name']}=http://localhost:11434/v1\nmake run", language="bash")
        st.caption(tr("Example: a server on this machine, such as Ollama, llama.cpp or vLLM."))
        return
    if st.button(
        tr("Test the connection"),
        key=f"{key}-test",
        icon=":material/network_check:",
        help=tr("Sends one short question and shows how long the answer takes. It costs a few tokens."),
    ):
        with errors_shown(), st.spinner(tr("Asking the remote model …"), show_time=True):
            show_checked(secrets)


def show_checked(secrets: Mapping[str, Any] | None) -> None:
    """Raises StudioError that says why there is no answer."""
    from selfsup_core.pretrained.remote import Remote, read_config, read_connection
    from selfsup_core.pretrained.remote.check import check_answer

    config = read_config(os.environ, secrets, timeout=SECONDS, retries=0)
    found = check_answer(Remote(read_connection(os.environ, secrets), config))
    said = tr("{model} answered in {seconds:.1f} s: “{answer}”. {warning}").format(
        model=found["model"], seconds=found["seconds"], answer=found["answer"], warning=found["warning"]
    )
    st.success(plain(said.strip()), icon=":material/check_circle:")
