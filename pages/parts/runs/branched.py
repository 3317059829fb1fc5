"""Branch a run from the list: from which epoch, with which settings, and the tree that it belongs to."""

from __future__ import annotations

import uuid

import streamlit as st

from pages.parts.shared.forms import number_field
from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import acting, plain, workspace
from selfsup_core.runs.branching import Start, branch, lineage, list_starts
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.spec import parse_assignments, read_spec
from selfsup_core.runs.state import RunState
from selfsup_core.translation import tr
from selfsup_core.workers.supervisor import ensure_supervisor

MOST_EPOCHS = 100_000
MOST_LETTERS = 400


def show_branch(state: RunState) -> None:
    """A form that starts a branch, and the tree; nothing where no epoch can be gone on from."""
    folder = RunFolder(workspace() / "runs" / state["run"])
    starts = list_starts(folder)
    if not starts:
        return
    run, spec = state["run"], read_spec(folder.spec)
    with st.popover(tr("Branch"), icon=":material/call_split:", help=tr("Go on from an epoch as a new run")):
        with st.form(f"branch-{run}", border=False):
            by_epoch = {start.epoch: start for start in starts}
            epoch = st.selectbox(
                tr("From epoch"),
                list(by_epoch),
                len(starts) - 1,
                key=f"branch-epoch-{run}",
                format_func=lambda one: say_start(by_epoch[one]),
            )
            last = max(spec.train.epochs, starts[-1].epoch + 1)
            epochs = number_field(
                st, tr("Train until epoch"), 1, MOST_EPOCHS, last, key=f"branch-epochs-{run}"
            )
            more = st.text_input(
                tr("Changed settings"),
                key=f"branch-set-{run}",
                placeholder="train.learning_rate=0.0003",
                max_chars=MOST_LETTERS,
                help=tr("As in `runs branch --set`; several with spaces between. Data and network stay."),
            )
            if st.form_submit_button(tr("Start branch")):
                with acting("ticked"):
                    changes = parse_assignments([f"train.epochs={epochs}", *more.split()])
                    made = branch(folder, epoch, changes, submission=uuid.uuid4().hex)
                    ensure_supervisor(made.workspace)
                    rerun()
        show_tree(run)


def say_start(start: Start) -> str:
    """ "12", or that its optimizer begins anew."""
    return (
        str(start.epoch)
        if start.path
        else tr("{epoch} (weights alone, the optimizer begins anew)").format(epoch=start.epoch)
    )


def show_tree(run: str) -> None:
    """Branches below their parents; nothing for a run without any."""
    tree = lineage(workspace(), run)
    if len(tree) < 2:
        return
    lines = []
    for node in tree:
        start = "" if node["at"] is None else tr("from epoch {at}: ").format(at=node["at"])
        name = plain(node["name"] or node["run"])
        shown = f"**{name}**" if node["run"] == run else name
        lines.append(f"{'  ' * node['depth']}- {start}{shown}, {node['status']}")
    st.markdown("\n".join(lines))
