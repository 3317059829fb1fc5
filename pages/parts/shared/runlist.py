"""Rows of runs: thumbnail, name, progress and best metric; buttons to open, resume, stop and delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from pages.parts.shared.bin import show_bin
from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import STATUS_STYLE, acting, age, plain, show_refusal, steer, workspace
from selfsup_core.errors import StudioError
from selfsup_core.evaluate.words.scenario_words import SCORES
from selfsup_core.evaluate.words.verdict import describe_accuracy
from selfsup_core.figures.miniature import as_element, curve_picture, map_picture
from selfsup_core.lessons.link import PAGE_OF_TASK
from selfsup_core.room.line import say_wait
from selfsup_core.runs.control import can_resume, send
from selfsup_core.runs.disk import run_bytes, say_bytes
from selfsup_core.runs.folder import ACTIVE, DamagedRun, RunFolder, list_states, read_rows
from selfsup_core.runs.frames import read_frame
from selfsup_core.runs.queue import LOCAL
from selfsup_core.runs.state import RunState
from selfsup_core.runs.thinned import frame_path, list_frames
from selfsup_core.runs.trash import delete, restore
from selfsup_core.runs.waiting import in_words
from selfsup_core.translation import recorded, tr

WIDTHS = (1.9, 3.4, 1.9, 1.5, 1.4)
TWO_DAYS = 2 * 86_400
# Where runs of a task are shown: page, and its mode.
PAGES = {task: (f"pages/{page}.py", mode) for task, (page, mode) in PAGE_OF_TASK.items()}
AUTOENCODER = ("pages/autoencoder.py", "")
CURVES = {
    "classify": "val_accuracy",
    "pseudo": "accuracy",
    "views": "probe_accuracy",
    "generate": "val_frechet",
} | {task: f"val_{score.name}" for task, score in SCORES.items()}


Tick = Callable[[str, str, str], None]
BUSY, IDLE = 2.0, 10.0  # seconds after which a list of runs is drawn again


def any_at_work() -> bool:
    return any(state["status"] in ACTIVE for state in list_states(workspace()))


def keep_fresh(show: Callable[[], None]) -> None:
    """Draw a list of runs and refresh it: often while one is queued or running, otherwise now and then.

    A run may be started in another tab or in a shell.
    """
    is_busy = any_at_work()

    @st.fragment(run_every=BUSY if is_busy else IDLE)
    def draw() -> None:
        show()
        if any_at_work() != is_busy:
            rerun()

    draw()


def show_rows(
    states: Sequence[RunState | DamagedRun],
    *,
    where: str,
    tick: Callable[[str, str, str], None] | None = None,
) -> None:
    """One line a run.

    Args:
        where: prefix of the widget keys; differs for each list on a page.
        tick: draws a box that ticks a run, given its id, its name and a key.
    """
    with st.container(key=f"runrows-{where}", gap="small"):
        for state in states:
            if isinstance(state, DamagedRun):
                show_damaged(state, f"{where}-{state.run}")
            else:
                show_row(state, f"{where}-{state['run']}", tick)


def show_damaged(run: DamagedRun, key: str) -> None:
    """A run that cannot be read: its folder, the problem, and a Delete button."""
    with st.container(border=True):
        name, status, problem, buttons = st.columns((3, 1.6, 6.5, 1.7), vertical_alignment="center")
        name.markdown(f"**{plain(run.run)}**")
        status.badge(tr("damaged"), color="red", icon=":material/broken_image:")
        problem.caption(plain(run.problem))
        with buttons.container(horizontal=True, gap="xsmall", horizontal_alignment="right"):
            show_delete(run.run, key)
        show_refusal(key)


def show_row(state: RunState, key: str, tick: Tick | None = None) -> None:
    color, icon = STATUS_STYLE[state["status"]]
    with st.container(border=True):
        looks, name, progress, best, buttons = st.columns(WIDTHS, vertical_alignment="center")
        unit = "round" if state.get("task") == "pseudo" else "epoch"
        folder = RunFolder(workspace() / "runs" / state["run"])
        with looks.container(horizontal=True, vertical_alignment="center", gap="small"):
            if tick:
                tick(state["run"], state["name"] or state["run"], key)
            seen = look(str(folder.path), state["epoch"], state.get("task", ""))
            st.html(seen or "<span></span>", width="content")
        page, mode = PAGES.get(state.get("task", ""), AUTOENCODER)
        name.page_link(
            page,
            label=f"**{plain(state['name'] or state['run'])}**",
            help=tr("Open run {run}").format(run=state["run"]),
            query_params={"run": state["run"]} | ({"do": mode} if mode else {}),
        )
        name.caption(describe_row(state, folder))
        progress.progress(
            min(1.0, (state["epoch"] + state["epoch_progress"]) / max(1, state["epochs"])),
            tr("{unit} {epoch} of {epochs}").format(
                unit=tr(unit), epoch=state["epoch"], epochs=state["epochs"]
            ),
        )
        loss = (state["best"] or {}).get("val_loss")
        best.badge(
            tr(state["status"]),
            color=color,
            icon=icon,
            help=plain(recorded(state["message"])) or None,
        )
        best.caption(plain(recorded(say_wait(folder, state))) or describe_best(state, loss))
        with buttons.container(horizontal=True, gap="xsmall", horizontal_alignment="right"):
            show_buttons(state, key)
        show_refusal(key)


@st.cache_data(max_entries=400, ttl=TWO_DAYS, show_spinner=False)
def look(path: str, epoch: int, task: str) -> str:
    """The newest map and the curve of the metric that counts, as SVG; "" before there is an epoch.

    Args:
        epoch: part of the cache key only.
    """
    folder = RunFolder(Path(path))
    try:
        frames = list_frames(folder.frames)
        points = read_frame(frame_path(folder.frames, frames[-1]))["map"]
        labels = read_frame(folder.frames / "static.safetensors")["labels"]
        rows = [row for row in read_rows(folder.metrics) if row["kind"] == "epoch"]
    except (OSError, IndexError, KeyError, TypeError, ValueError, StudioError):
        return ""
    metric = CURVES.get(task, "val_loss")
    titles = {"val_loss": tr("Validation loss"), "val_frechet": tr("Fréchet distance")}
    title = tr(SCORES[task].title) if task in SCORES else titles.get(metric, tr("Accuracy"))
    shown = as_element(map_picture(points, labels), tr("Map at epoch {frames}").format(frames=frames[-1]))
    if curve := curve_picture([row.get(metric) for row in rows], color="#2B8FD0"):
        shown += as_element(curve, tr("{title} over epochs").format(title=title))
    return f'<div style="display:flex;gap:8px;align-items:center">{shown}</div>'


def describe_row(state: RunState, folder: RunFolder) -> str:
    """Data, age, training time and disk use; then tags and note, where there are any."""
    facts = [plain(state["source_title"]), age(state["created"])]
    if state["seconds"] >= 1:
        facts.append(tr("trained {in_words}").format(in_words=in_words(state["seconds"])))
    if size := run_bytes(folder):
        facts.append(say_bytes(size))
    if state["owner"] not in ("", LOCAL):
        facts.append(plain(state["owner"]))
    tags = " ".join(f":blue-badge[{plain(tag)}]" for tag in state.get("tags", []))
    note = plain(state.get("note", ""))
    return "  \n".join(line for line in (" · ".join(facts), tags, note) if line)


def describe_best(state: RunState, loss: float | None) -> str:
    """A classifier by its accuracy and on how many rows, all else by validation loss."""
    if state.get("task") in ("classify", "pseudo", "views", "generate", *SCORES) and (
        accuracy := describe_accuracy(state)
    ):
        return accuracy
    unit = "round" if state.get("task") == "pseudo" else "epoch"
    return (
        tr("validation loss {loss:.4f}").format(loss=loss)
        if loss is not None
        else tr("no {unit} yet").format(unit=tr(unit))
    )


def show_buttons(state: RunState, key: str) -> None:
    folder = RunFolder(workspace() / "runs" / state["run"])
    status = state["status"]
    is_active = status in ACTIVE
    if is_active and st.button("", icon=":material/stop:", key=f"stop-{key}", help=tr("Stop this run")):
        with acting(key):
            send(folder, "stop")
            st.caption(tr("Stopping …"))
    if can_resume(state) and st.button(
        "", icon=":material/play_arrow:", key=f"resume-{key}", help=tr("Resume from where it stopped")
    ):
        with acting(key):
            steer(folder, "resume")
            rerun()
    show_delete(state["run"], key, is_active=is_active)


def show_delete(run: str, key: str, *, is_active: bool = False) -> None:
    if st.button(
        "",
        icon=":material/delete:",
        key=f"delete-{key}",
        disabled=is_active,
        help=tr("Stop it first") if is_active else tr("Delete; can be restored for seven days"),
    ):
        with acting(key):
            delete(RunFolder(workspace() / "runs" / run))
            st.session_state["just-deleted"] = run
            rerun()


def show_deleted() -> None:
    """Deleted runs, with a way back."""
    show_bin(restore, is_data=False, after=lambda run: None)
