"""Rows of runs: status, progress, data, best metric, age; open, stop, delete with undo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.parts.shared.workspace import STATUS_STYLE, age, errors_shown, plain, workspace
from selfsup_core.runs.control import send
from selfsup_core.runs.folder import ACTIVE, DamagedRun, RunFolder
from selfsup_core.runs.state import RunState
from selfsup_core.runs.trash import delete, restore

WIDTHS = (3, 1.6, 2.2, 1.6, 1.5, 1.2, 1.7)
# Where runs of a task are shown: page, and its mode.
PAGES = {
    "language": ("pages/language.py", "train"),
    "classify": ("pages/classify.py", "train"),
    "pseudo": ("pages/classify.py", "pseudo"),
}
HEADS = ("Run", "Status", "Progress", "Data", "Best", "Age", "")


def show_rows(states: Sequence[RunState | DamagedRun], *, where: str) -> None:
    """One line a run.

    Args:
        where: of which list, so that two lists on one page keep apart.
    """
    with st.container(key=f"runrows-{where}"):
        for state in states:
            if isinstance(state, DamagedRun):
                show_damaged(state, f"{where}-{state.run}")
            else:
                show_row(state, f"{where}-{state['run']}")


def show_damaged(run: DamagedRun, key: str) -> None:
    """A run that cannot be read: its folder, what is wrong, and a way to be rid of it."""
    with st.container(border=True):
        name, status, problem, buttons = st.columns((3, 1.6, 6.5, 1.7), vertical_alignment="center")
        name.markdown(f"**{plain(run.run)}**")
        status.badge("damaged", color="red", icon=":material/broken_image:")
        problem.caption(plain(run.problem))
        with buttons.container(horizontal=True, gap="xsmall", horizontal_alignment="right"):
            show_delete(run.run, run.run, key)


def show_row(state: dict[str, Any], key: str) -> None:
    color, icon = STATUS_STYLE[state["status"]]
    with st.container(border=True):
        name, status, progress, data, best, since, buttons = st.columns(WIDTHS, vertical_alignment="center")
        page, mode = PAGES.get(state.get("task", ""), ("pages/autoencoder.py", ""))
        name.page_link(
            page,
            label=f"**{state['name'] or state['run']}**",
            help=f"Open run {state['run']}",
            query_params={"run": state["run"]} | ({"do": mode} if mode else {}),
        )
        status.badge(state["status"], color=color, icon=icon, help=state["message"] or None)
        progress.progress(
            min(1.0, (state["epoch"] + state["epoch_progress"]) / state["epochs"]),
            f"epoch {state['epoch']} of {state['epochs']}",
        )
        data.caption(state["source_title"])
        loss = (state["best"] or {}).get("val_loss")
        best.caption(describe_best(state, loss))
        since.caption(age(state["created"]))
        with buttons.container(horizontal=True, gap="xsmall", horizontal_alignment="right"):
            show_buttons(state, key)


def describe_best(state: dict[str, Any], loss: float | None) -> str:
    """A classifier by the share that it names rightly, all else by validation loss."""
    is_pseudo = state.get("task") == "pseudo"
    accuracy = (state["metrics"] or {}).get("accuracy" if is_pseudo else "val_accuracy")
    if accuracy is not None and PAGES.get(state.get("task", ""), ("",))[0] == "pages/classify.py":
        return f"{accuracy:.1%} right"
    return f"{loss:.4f} val. loss" if loss is not None else "no epoch yet"


def show_buttons(state: dict[str, Any], key: str) -> None:
    folder = RunFolder(workspace() / "runs" / state["run"])
    is_active = state["status"] in ACTIVE
    if is_active and st.button("", icon=":material/stop:", key=f"stop-{key}", help="Stop this run"):
        with errors_shown():
            send(folder, "stop")
            st.toast(f"Stopping {state['name'] or state['run']}.")
    show_delete(state["run"], state["name"], key, is_active=is_active)


def show_delete(run: str, name: str, key: str, *, is_active: bool = False) -> None:
    if st.button(
        "",
        icon=":material/delete:",
        key=f"delete-{key}",
        disabled=is_active,
        help="Stop it first" if is_active else "Delete; can be undone for seven days",
    ):
        with errors_shown():
            delete(RunFolder(workspace() / "runs" / run))
            st.session_state["deleted"] = {"run": run, "name": name}
            st.rerun()


def show_undo() -> None:
    """After a deletion: what was deleted, and a way back."""
    deleted = st.session_state.get("deleted")
    if not deleted:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"Deleted **{deleted['name'] or deleted['run']}**.")
        if st.button("Undo", icon=":material/undo:", key="undo"):
            with errors_shown():
                restore(workspace(), deleted["run"])
                del st.session_state["deleted"]
                st.rerun()
