"""What was deleted in the last seven days, with a way back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.runs.trash import empty, list_trash
from selfsup_core.translation import tr

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
    what = tr("data sets") if is_data else tr("runs")
    is_fresh = st.session_state.get("just-deleted") in [entry.id for entry in deleted]
    with st.expander(
        tr("Deleted {what} ({count})").format(what=what, count=len(deleted)),
        expanded=is_fresh,
        icon=":material/delete_history:",
    ):
        st.caption(tr("They can be restored within seven days after deletion."))
        for entry in deleted[:SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center"):
                days = max(1, round(entry.days_left))
                left = (tr("{days} days left") if days > 1 else tr("{days} day left")).format(days=days)
                st.markdown(f"{plain(entry.name)} :small[{left}]", width="stretch")
                if st.button(
                    tr("Restore"),
                    icon=":material/undo:",
                    key=f"restore-{entry.id}",
                    help=tr("Restore {id}").format(id=entry.id),
                ):
                    with errors_shown():
                        restore(workspace(), entry.id)
                        after(entry.id)
                        rerun()
        with st.popover(tr("Empty the bin"), icon=":material/delete_forever:"):
            st.markdown(tr("Deletes these {what} for good, to free their disk space.").format(what=what))
            if st.button(tr("Delete for good"), key=f"empty-{what}"):
                with errors_shown():
                    empty(workspace(), is_data=is_data)
                    rerun()
        if len(deleted) > SHOWN:
            st.caption(
                tr("{count} older ones are listed by `selfsup {split} trash`.").format(
                    count=len(deleted) - SHOWN, split=what.split()[0]
                )
            )
