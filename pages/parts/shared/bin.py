"""What was deleted in the last seven days, with a way back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.runs.trash import empty, list_trash

SHOWN = 10


def show_bin(restore: Callable[[Path, str], Any], *, is_data: bool, after: Callable[[str], None]) -> None:
    """A folded list of deleted runs or data sets; nothing where there are none.

    Args:
        restore: takes one back.
        after: what the page does then, given its id.
    """
    deleted = [entry for entry in list_trash(workspace()) if entry.is_data is is_data]
    if not deleted:
        return
    what = "data sets" if is_data else "runs"
    is_fresh = st.session_state.get("just-deleted") in [entry.id for entry in deleted]
    with st.expander(f"Deleted {what} ({len(deleted)})", expanded=is_fresh, icon=":material/delete_history:"):
        st.caption("They can be restored within seven days after deletion.")
        for entry in deleted[:SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center"):
                days = max(1, round(entry.days_left))
                left = f"{days} day{'s' if days > 1 else ''} left"
                st.markdown(f"{plain(entry.name)} :small[{left}]", width="stretch")
                if st.button(
                    "Restore", icon=":material/undo:", key=f"restore-{entry.id}", help=f"Restore {entry.id}"
                ):
                    with errors_shown():
                        restore(workspace(), entry.id)
                        after(entry.id)
                        rerun()
        with st.popover("Empty the bin", icon=":material/delete_forever:"):
            st.markdown(f"Deletes these {what} for good, to free their disk space.")
            if st.button("Delete for good", key=f"empty-{what}"):
                with errors_shown():
                    empty(workspace(), is_data=is_data)
                    rerun()
        if len(deleted) > SHOWN:
            st.caption(f"{len(deleted) - SHOWN} older ones are listed by `selfsup {what.split()[0]} trash`.")
