"""The runs that are ticked in the list, and what is done with all of them at once."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.runs.branched import show_branch
from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import acting, plain, show_refusal, workspace
from selfsup_core.runs import labels
from selfsup_core.runs.comparing import FEWEST, MOST
from selfsup_core.runs.control import can_resume, send_each
from selfsup_core.runs.folder import ACTIVE, DamagedRun, RunFolder
from selfsup_core.runs.short_runs import Listed
from selfsup_core.runs.state import RunState
from selfsup_core.runs.trash import delete
from selfsup_core.translation import tr
from selfsup_core.wording import counted
from selfsup_core.workers.supervisor import ensure_supervisor

TICKED = "runs-ticked"  # in the session: the ids, in the order in which they were ticked


def ticked() -> list[str]:
    return list(st.session_state.get(TICKED, []))


def forget_ticks() -> None:
    st.session_state[TICKED] = []


def show_tick(run: str, name: str, key: str) -> None:
    """A box that ticks a run; it is remembered on all pages of the list."""
    box = f"tick-{key}"
    st.session_state[box] = run in ticked()

    def take() -> None:
        rest = [one for one in ticked() if one != run]
        st.session_state[TICKED] = [*rest, run] if st.session_state[box] else rest

    st.checkbox(
        tr("Tick {name}").format(name=plain(name)), key=box, on_change=take, label_visibility="collapsed"
    )


def show_actions(states: Sequence[Listed]) -> None:
    """What can be done with the ticked runs; nothing while none is ticked.

    Args:
        states: of all runs. A run that is gone is not ticked any more.
    """
    known = {state.run if isinstance(state, DamagedRun) else state["run"]: state for state in states}
    chosen = [run for run in ticked() if run in known]
    st.session_state[TICKED] = chosen
    if not chosen:
        return
    whole = [state for run in chosen if not isinstance(state := known[run], DamagedRun)]
    active = [state["run"] for state in whole if state["status"] in ACTIVE]
    with st.container(horizontal=True, vertical_alignment="center", key="runs-actions"):
        st.markdown(tr("**{count} ticked**").format(count=counted(len(chosen), "run")), width="content")
        can_compare = FEWEST <= len(whole) <= MOST
        if st.button(
            tr("Compare"),
            icon=":material/compare:",
            type="primary" if can_compare else "secondary",
            key="ticked-compare",
            disabled=not can_compare,
            help=tr("Side by side, under one cursor") if can_compare else tr("Tick two runs or more"),
        ):
            runs = ",".join(state["run"] for state in whole)
            st.switch_page("pages/compare.py", query_params={"runs": runs})
        if active and st.button(tr("Stop"), icon=":material/stop:", key="ticked-stop"):
            with acting("ticked"):
                send_each([RunFolder(workspace() / "runs" / run) for run in active], "stop")
        resumable = [state["run"] for state in whole if can_resume(state)]
        if resumable and st.button(
            tr("Resume"),
            icon=":material/play_arrow:",
            key="ticked-resume",
            help=tr("Resume {count} from where they stopped").format(count=counted(len(resumable), "run")),
        ):
            with acting("ticked"):
                send_each([RunFolder(workspace() / "runs" / run) for run in resumable], "resume")
                ensure_supervisor(workspace())
                rerun()
        if whole:
            show_labels(whole)
        if len(whole) == 1:
            show_branch(whole[0])
        if st.button(
            tr("Delete"),
            icon=":material/delete:",
            key="ticked-delete",
            disabled=bool(active),
            help=tr("Stop those that are running first") if active else tr("Can be restored for seven days"),
        ):
            with acting("ticked"):
                for run in chosen:
                    delete(RunFolder(workspace() / "runs" / run))
                    st.session_state["just-deleted"] = run
                rerun()
        st.button(
            tr("Clear"),
            key="ticked-clear",
            type="tertiary",
            help=tr("Tick none of them"),
            on_click=forget_ticks,
        )
    show_refusal("ticked")


def show_labels(states: Sequence[RunState]) -> None:
    """A form for tags, and of a single run for its name and note, too."""
    only = states[0] if len(states) == 1 else None
    label = tr("Rename and tag") if only else tr("Tag")
    with st.popover(label, icon=":material/label:"), st.form("ticked-labels", border=False):
        key = only["run"] if only else "several"
        name = note = ""
        if only:
            name = st.text_input(tr("Name"), only["name"], key=f"name-{key}", max_chars=labels.MOST_NAME)
        old = " ".join(only.get("tags", [])) if only else ""
        typed = st.text_input(
            tr("Tags"), old, key=f"tags-{key}", placeholder=tr("One word each, with spaces between")
        )
        if only:
            note = st.text_area(
                tr("Note"), only.get("note", ""), key=f"note-{key}", max_chars=labels.MOST_NOTE
            )
        if st.form_submit_button(tr("Save")):
            with acting("ticked"):
                save(states, typed.split(), name, note, replaces=only is not None)
                rerun()


def save(states: Sequence[RunState], tags: list[str], name: str, note: str, *, replaces: bool) -> None:
    """Write what the form says.

    Args:
        replaces: the tags are all that the run is to have; else they are added.
    """
    for state in states:
        path = RunFolder(workspace() / "runs" / state["run"]).path
        if replaces:
            labels.remove_tags(path, state.get("tags", []))
            labels.write_note(path, note)
            if name.strip() != state["name"]:
                labels.rename(path, name)
        labels.add_tags(path, tags)
