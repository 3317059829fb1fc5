"""Break it: repeat a run without one of its safeguards, and see the broken run beside the intact one."""

from __future__ import annotations

import json
import shlex

import streamlit as st

from pages.parts.shared.choice import refuse_asked, shorten
from pages.parts.shared.go import link_here
from pages.parts.shared.live import BESIDE
from pages.parts.shared.new_run import start_clicked
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.objectives.two_views import Break
from selfsup_core.runs.beside import list_relatives
from selfsup_core.runs.breaking import (
    Others,
    breaks_of,
    find_intact,
    find_same,
    missing_of,
    runs_like,
    settings_of,
    with_break,
)
from selfsup_core.runs.folder import RunFolder, RunState
from selfsup_core.runs.spec import RunSpec, read_spec

EXPECTED = {
    "complete": "Expect a complete collapse: every sample gets the same embedding.",
    "dimensional": "Expect a dimensional collapse: embeddings differ in few directions.",
    "shortcut": "Expect no collapse, but a representation that ignores nothing.",
    "weaker": "Expect no collapse, but a weaker representation.",
}


def offer_breaks(folder: RunFolder, state: RunState) -> None:
    """A list of safeguards that can be taken away, and the way back to the intact run."""
    with errors_shown():
        spec = read_spec(folder.spec)
        missing, others = missing_of(spec), runs_like(workspace(), spec)
        if missing and (intact := find_intact(others, spec)):
            link_here(
                "Open the intact run",
                icon=":material/shield:",
                key="open-intact",
                params={"do": "train", "run": intact},
            )
        with st.popover("Break it", icon=":material/heart_broken:"):
            st.markdown("Take one safeguard away, train again with the same seed, and compare.")
            for name, one in breaks_of(spec).items():
                offer(folder, state, with_break(spec, name), name, one, others)
        for one in missing:
            st.caption(f":material/heart_broken: {plain(one.title)}: {plain(one.theory)}")


def offer(folder: RunFolder, state: RunState, broken: RunSpec, name: str, one: Break, others: Others) -> None:
    """One safeguard: a button, the theory, and the command that does the same."""
    if done := find_same(others, broken):
        link_here(
            f"Open: {one.title[0].lower()}{one.title[1:]}",
            icon=":material/open_in_new:",
            key=f"open-break-{name}",
            params={"do": "train", "run": done, BESIDE: folder.id},
        )
    elif st.button(one.title, key=f"break-{name}", icon=":material/heart_broken:", width="stretch"):
        start_clicked(
            broken,
            preset=state["preset"],
            button=f"break-{name}-{folder.id}",
            do="train",
            **{BESIDE: folder.id},
        )
    st.caption(f"{plain(one.theory)} {EXPECTED[one.expected]}")
    st.code(command_of(folder, one), language="bash", wrap_lines=True)


def command_of(folder: RunFolder, one: Break) -> str:
    """What does the same on the command line."""
    changes = [
        f"--set {shlex.quote(f'{path}={json.dumps(value)}')}" for path, value in settings_of(one).items()
    ]
    return f"python -m selfsup_core train {shlex.quote(str(folder.spec))} {' '.join(changes)}"


def refuse_beside(folder: RunFolder) -> bool:
    """Whether the address asks for a run that cannot be shown beside this one; this is then said."""
    asked = st.query_params.get(BESIDE, "")
    if not asked or asked in {one["run"] for one in list_relatives(folder)}:
        return False
    refuse_asked(
        BESIDE,
        f"The address asks for the run {shorten(asked)!r} beside this one. "
        "Only a run that differs from it in a single safeguard can be shown there.",
    )
    return True
