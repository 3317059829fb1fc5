"""File uploads: refused files are reported, and files that no page shows any longer are removed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.parts.shared.workspace import plain
from selfsup_core.translation import tr

SHOWN = "uploads-shown"


def uploader(
    label: str, types: list[str] | None, *, key: str, several: bool = False, help: str = ""
) -> list[Any]:
    """st.file_uploader, without the files that were refused; these are said below it. `types` None: any."""
    found = st.file_uploader(label, types, accept_multiple_files=several, key=key, help=help or None)
    files = found if isinstance(found, list) else [found] if found else []
    shows(*files)
    refused = [file.refused for file in files if getattr(file, "refused", None)]
    for error in refused[:5]:
        st.error(plain(str(error)), icon=":material/error:")
    if len(refused) > 5:
        st.caption(tr("{count} more files were not accepted.").format(count=len(refused) - 5))
    return [file for file in files if not getattr(file, "refused", None)]


def shows(*files: Any) -> None:
    """Note that this page shows these uploads, recordings or photographs, so that they are kept."""
    shown = st.session_state.setdefault(SHOWN, set())
    shown |= {file.file_id for file in files if file}


def begin_page() -> None:
    st.session_state[SHOWN] = set()


def end_page() -> None:
    """Remove the session's uploads that a page showed before and this one does not."""
    context = get_script_run_ctx()
    arrivals = getattr(context.uploaded_file_mgr, "arrivals", None) if context else None
    if context and arrivals:
        arrivals.keep_only(context.session_id, st.session_state.get(SHOWN, ()))


def copy_to(file: Any, path: Path) -> None:
    """Write an upload down, a piece at a time."""
    file.seek(0)
    with open(path, "wb") as target:
        shutil.copyfileobj(file, target)
