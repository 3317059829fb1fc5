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
from pages.parts.views.methods import title_of
from selfsup_core.data.sources import find_source
from selfsup_core.objectives.two_views import Break
from selfsup_core.runs.beside import list_relatives
from selfsup_core.runs.breaking import (
    JOIN,
    Others,
    breaks_of,
    collapse_of_its_own,
    find_intact,
    find_same,
    intact_of,
    missing_of,
    runs_like,
    settings_of,
    showing_collapse,
    with_break,
)
from selfsup_core.runs.folder import RunFolder, RunState
from selfsup_core.runs.spec import RunSpec, make_spec, read_spec
from selfsup_core.runs.waiting import in_words
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import inline

EXPECTED = {
    "complete": tr_later("Expect a complete collapse."),
    "dimensional": tr_later("Expect a dimensional collapse."),
    "either": tr_later("Expect a collapse, dimensional or complete: that depends on the data."),
    "shortcut": tr_later("Expect no collapse, but a representation that ignores nothing."),
    "weaker": tr_later("Expect no collapse, but a weaker representation."),
}
COLLAPSE = tr_later(
    "**Collapse** means that embeddings no longer tell samples apart: all samples get "
    "the same one (complete "
    "collapse), or they differ in very few directions (dimensional collapse)."
)


def offer_breaks(folder: RunFolder, state: RunState) -> None:
    """A list of safeguards that can be taken away; of a run that lacks one, the way to the intact run."""
    with errors_shown():
        spec = read_spec(folder.spec)
        missing, others = missing_of(spec), runs_like(workspace(), spec)
        if missing:
            offer_intact(folder, state, spec, others)
            for one in missing:
                st.caption(f":material/heart_broken: {plain(tr(one.title))}: {plain(tr(one.theory))}")
            return
        # By its key it is another menu for each run, so it does not stay open over the run it started.
        with st.popover(tr("Break it"), icon=":material/heart_broken:", key=f"break-it-{folder.id}"):
            st.markdown(tr("Take one safeguard away, train again with the same seed, and compare."))
            st.markdown(tr(COLLAPSE))
            for name, one in breaks_of(spec).items():
                offer(folder, state, with_break(spec, name), name, one, others)
            if not collapse_of_its_own(spec):
                offer_collapse(folder, state, spec)
            with st.expander(tr("The same from the command line")):
                for one in breaks_of(spec).values():
                    st.code(command_of(folder, one), language="bash", wrap_lines=True)


def offer_intact(folder: RunFolder, state: RunState, spec: RunSpec, others: Others) -> None:
    """Open the intact run, or train it where there is none."""
    if intact := find_intact(others, spec):
        link_here(
            tr("Open the intact run"),
            icon=":material/shield:",
            key="open-intact",
            params={"do": "train", "run": intact},
        )
    elif st.button(
        tr("Train the intact run"),
        key="train-intact",
        icon=":material/shield:",
        help=tr("The same run, seed included, with its safeguard, to compare both."),
    ):
        beside = {BESIDE: folder.id} if len(missing_of(spec)) == 1 else {}
        start_clicked(
            intact_of(spec), preset=state["preset"], button=f"intact-{folder.id}", do="train", **beside
        )


def offer(folder: RunFolder, state: RunState, broken: RunSpec, name: str, one: Break, others: Others) -> None:
    """One safeguard: a button and the theory."""
    if done := find_same(others, broken):
        link_here(
            tr("Open: {title}").format(title=inline(tr(one.title))),
            icon=":material/open_in_new:",
            key=f"open-break-{name}",
            params={"do": "train", "run": done, BESIDE: folder.id},
        )
    elif st.button(tr(one.title), key=f"break-{name}", icon=":material/heart_broken:", width="stretch"):
        start_clicked(
            broken,
            preset=state["preset"],
            button=f"break-{name}-{folder.id}",
            do="train",
            **{BESIDE: folder.id},
        )
    st.caption(f"{plain(tr(one.theory))} {tr(EXPECTED[one.expected])}")


def offer_collapse(folder: RunFolder, state: RunState, spec: RunSpec) -> None:
    """Where no safeguard of the method leads to a collapse: methods that show one, on the same data."""
    shown = showing_collapse(spec)
    if not shown:
        return
    takes = in_words(state["seconds"] / state["epoch"] * state["epochs"]) if state["epoch"] else ""
    st.markdown(
        tr(
            "{title_of} does not collapse in a short run. To see a collapse, train another "
            "method on the same data{value}:"
        ).format(title_of=title_of(spec.objective.kind), value=f", in about {takes}" if takes else "")
    )
    source = find_source(spec.data.source, workspace()).title
    for broken, one in shown:
        kind = broken.objective.kind
        title = f"{title_of(kind)} {inline(one.title)}"
        if st.button(title, key=f"break-{kind}", icon=":material/heart_broken:", width="stretch"):
            named = {"name": f"{source}, {title_of(kind)}{JOIN}{inline(one.title)}"}
            start_clicked(
                make_spec(broken.as_dict(), named),
                preset=state["preset"],
                button=f"break-{kind}-{folder.id}",
                do="train",
            )
        st.caption(f"{plain(tr(one.theory))} {tr(EXPECTED[one.expected])}")


def command_of(folder: RunFolder, one: Break) -> str:
    """What does the same on the command line."""
    changes = [
        f"--set {shlex.quote(f'{path}={json.dumps(value)}')}" for path, value in settings_of(one).items()
    ]
    return "python -m selfsup_core train {spec} {changes}".format(
        spec=shlex.quote(str(folder.spec)), changes=" ".join(changes)
    )


def refuse_beside(folder: RunFolder) -> bool:
    """Whether the address asks for a run that cannot be shown beside this one; this is then said."""
    asked = st.query_params.get(BESIDE, "")
    if not asked or asked in {one["run"] for one in list_relatives(folder)}:
        return False
    refuse_asked(
        BESIDE,
        tr(
            "The address asks for the run {asked!r} beside this one. "
            "Only an intact run and the same run without one safeguard can be shown side by side."
        ).format(asked=shorten(asked)),
    )
    return True
