"""The live view of a run: the stage, or static figures with plain controls where its routes are missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.assets import BASE, assets_path, base_path
from pages.parts.shared.epochs import asked_epoch, refuse_epoch, write_epoch
from pages.parts.shared.explained import LOOK, explained_for, open_lesson
from pages.parts.shared.go import rerun
from pages.parts.shared.runlist import AUTOENCODER, PAGES
from pages.parts.shared.standing import draw_figures
from pages.parts.shared.take_away import show_take_away
from pages.parts.shared.use_run import show_use
from pages.parts.shared.workspace import (
    acting,
    errors_shown,
    plain,
    show_refusal,
    start,
    steer,
    workspace,
)
from selfsup_core.errors import RunError
from selfsup_core.room.line import say_wait
from selfsup_core.runs.access import sign
from selfsup_core.runs.compose import with_epochs, with_threshold
from selfsup_core.runs.control import send
from selfsup_core.runs.folder import ACTIVE, RunFolder, RunState, open_run, read_state
from selfsup_core.runs.spec import RunSpec, read_spec
from selfsup_core.runs.thinned import list_frames
from selfsup_core.runs.waiting import waiting_for
from selfsup_core.translation import language, recorded, tr

BESIDE = "beside"  # of the address: a run that the stage shows beside the one that is open
HERE = ("use", "inside", "compare", "lab")  # next steps on the page that shows the run

# Only this much JavaScript goes through the websocket; the modules come from a route and stay cached.
BOOT = """
export default function (component) {
  const { data, setTriggerValue } = component
  const url = new URL(data.assets + "/MODULE", window.location.origin).href
  let cleanup = null, isGone = false
  const words = import(new URL(data.assets + "/lib/words.js", window.location.origin).href)
  Promise.all([import(url), words.then((module) => module.speak(data))]).then(([module]) => {
    if (isGone) return
    cleanup = module.mount(component)
  }).catch((error) => setTriggerValue("failed", String(error)))
  return () => { isGone = true; if (cleanup) cleanup() }
}
"""


# Placeholder until the modules have loaded, so that a run never opens as a blank page.
WAIT = """
<div role="status" style="display: flex; flex-direction: column; gap: 12px; min-height: 560px">
  <span>Opening the run …</span>
  <div style="flex: 1; border-radius: 8px; background: var(--st-secondary-background-color)"></div>
</div>
"""


def component(name: str, module: str, html: str | None = None) -> Callable[..., Any]:
    """A component that a module of the stage's routes draws; `html` stands there until it has loaded.

    Its data say in which language its texts are.
    """
    made = st.components.v2.component(
        name, html=html, js=BOOT.replace("MODULE", module), isolate_styles=False
    )

    def show(*, data: Mapping[str, Any], **rest: Any) -> Any:
        return made(data={**data, "lang": language()}, **rest)

    return show


stage = component("selfsup_stage", "stage/main.js", WAIT)


def open_asked(run: str) -> tuple[RunFolder, RunState] | None:
    """The run of the address and its state; None, and a sentence on the page, when it is gone or damaged."""
    try:
        folder = open_run(workspace(), run)
        return folder, read_state(folder)
    except RunError as error:
        st.error(
            tr("{message} It may have been deleted.").format(message=plain(error.message)),
            icon=":material/error:",
        )
        st.page_link("pages/runs.py", label=tr("All runs"), icon=":material/list:")
        return None


def show_run(run: str) -> None:
    """Show a run; what is looked at is kept in the URL."""
    folder = open_run(workspace(), run)
    unit = "round" if read_state(folder).get("task") == "pseudo" else "epoch"
    if refuse_epoch(list_frames(folder.frames), run, of=tr("This run"), unit=unit):
        return
    if routes.is_mounted and not st.session_state.get("stage_failed"):
        show_stage(run)
        show_use(folder)
        show_take_away(folder)
        return
    if routes.is_mounted:
        st.info(
            tr(
                "The live view could not load in this browser, so here are static figures. "
                "Reload the page to try again."
            ),
            icon=":material/info:",
        )
    else:
        st.caption(tr("These are static figures. Start the app with `make run` for the live view."))
    show_standing(run)
    show_use(folder)
    show_take_away(folder)


@st.fragment
def show_stage(run: str) -> None:
    """Mount the stage; it reruns only this fragment, when the cursor rests or the run ends."""
    folder = open_run(workspace(), run)
    epoch = asked_epoch(list_frames(folder.frames))
    task = read_state(folder).get("task", "autoencoder")
    beside = st.query_params.get(BESIDE, "")
    result = stage(
        key=f"stage-{run}",
        data={
            "base": f"{base_path()}{BASE}",
            "assets": assets_path(),
            "run": run,
            "token": sign(workspace(), run),
            "epoch": epoch,
            "task": task,
            "explained": explained_for(task),
            "beside": beside,
            "look": st.session_state.get(LOOK, ""),
        },
        default={"cursor": epoch, "status": None, "beside": beside},
        on_cursor_change=lambda: None,
        on_status_change=lambda: None,
        on_beside_change=lambda: None,
        on_opened_change=lambda: None,
        on_threshold_change=lambda: None,
        on_failed_change=lambda: None,
        on_next_change=lambda: None,
        on_more_change=lambda: None,
        on_lesson_change=lambda: None,
    )
    if result.lesson:
        open_lesson(str(result.lesson))
    if result.opened:
        open_other(result.opened, read_state(folder).get("task", ""))
    if result.next:
        open_page(*next_page(folder, result.next), is_here=result.next in HERE)
    if result.threshold is not None:
        train_above(run, result.threshold)
    if result.more is not None:
        train_longer(run, int(result.more))
    if result.failed:
        st.session_state["stage_failed"] = result.failed
        rerun()
    write_epoch(result.cursor, run)
    write_beside(result.beside)


def write_beside(run: str | None) -> None:
    """Have the address name the run that is shown beside this one."""
    if not run:
        st.query_params.pop(BESIDE, None)
    elif st.query_params.get(BESIDE) != run:
        st.query_params[BESIDE] = run


def next_page(folder: RunFolder, step: str) -> tuple[str, dict[str, str]]:
    """(page, address) of a next step that a run offers at its end."""
    run = folder.id
    if step == "use":
        return "pages/classify.py", {"do": "use", "run": run}
    if step == "lab":
        return "pages/views.py", {"do": "lab", **lab_address(read_spec(folder.spec))}
    if step == "inside":
        return "pages/language.py", {"do": "inside", "model": f"run:{run}"}
    if step == "compare":
        address = {"do": "inside", "model": f"run:{run}", "other": f"run:{run}"}
        if kept := list_frames(folder.weights):
            address["other-epoch"] = str(kept[0])
        return "pages/language.py", address
    return "pages/latent.py", {"space": f"run:{run}"}


def lab_address(spec: RunSpec) -> dict[str, str]:
    """What the augmentation lab's address says of a run's data and augmentation."""
    augment: Any = getattr(spec.objective, "augment", None)
    usual = {} if augment is None else type(augment)().model_dump()
    changed = {name: value for name, value in dict(augment or {}).items() if value != usual[name]}
    return {"data": spec.data.source} | {name: f"{value:g}" for name, value in changed.items()}


def open_page(page: str, address: dict[str, str], *, is_here: bool) -> None:
    """Args: is_here: it is another part of the page that is shown."""
    if not is_here:
        st.switch_page(page, query_params=address)
    st.query_params.from_dict(address)
    rerun()


def open_other(run: str, task: str) -> None:
    """Open a run where runs of its task are shown.

    Args:
        task: of the run that is shown.
    """
    page, mode = PAGES.get(read_state(open_run(workspace(), run)).get("task", ""), AUTOENCODER)
    address = {"run": run} | ({"do": mode} if mode else {})
    open_page(page, address, is_here=page == PAGES.get(task, AUTOENCODER)[0])


def train_above(run: str, threshold: float) -> None:
    """Start a run like this one with the threshold that was dragged to, and open it."""
    with errors_shown():
        folder = open_run(workspace(), run)
        spec = with_threshold(read_spec(folder.spec), float(threshold))
        made = start(spec, preset=read_state(folder)["preset"], button=f"threshold-{run}")
        st.query_params.from_dict({"do": "pseudo", "run": made})
        rerun()


def train_longer(run: str, epochs: int) -> None:
    """Start a run like this one for more epochs, and open it."""
    with errors_shown():
        folder = open_run(workspace(), run)
        spec = with_epochs(read_spec(folder.spec), epochs)
        made = start(spec, preset=read_state(folder)["preset"], button=f"longer-{run}")
        st.query_params.from_dict({"run": made})
        rerun()


def show_standing(run: str) -> None:
    """The same three views without JavaScript of our own; refreshed while the run is running."""
    folder = open_run(workspace(), run)
    is_active = read_state(folder)["status"] in ACTIVE
    st.fragment(run_every=2.0 if is_active else None)(draw_standing)(folder, is_active)


def draw_standing(folder: RunFolder, was_active: bool) -> None:
    state = read_state(folder)
    if was_active and state["status"] not in ACTIVE:
        rerun()
    draw_controls(folder, state)
    draw_figures(folder)


def draw_controls(folder: RunFolder, state: RunState) -> None:
    status = state["status"]
    unit = "round" if state.get("task") == "pseudo" else "epoch"
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        st.markdown(f"**{plain(state['name'] or state['run'])}**", width="content")
        if state["device"]:
            device = state["device"]
            said = tr("Device: {device}").format(device=device["label"])
            st.caption(said, help=recorded(device["reason"]), width="content")
    st.progress(
        min(1.0, (state["epoch"] + state["epoch_progress"]) / state["epochs"]),
        tr("{status}: {unit} {epoch} of {epochs}").format(
            status=tr(status), unit=tr(unit), epoch=state["epoch"], epochs=state["epochs"]
        ),
    )
    if status not in ACTIVE:
        return
    show_wait(folder)
    with st.container(horizontal=True):
        is_paused = status == "paused"
        if st.button(tr("Resume") if is_paused else tr("Pause"), icon=":material/pause:"):
            with acting("controls"):
                steer(folder, "resume" if is_paused else "pause")
        if st.button(
            f"1 {tr(unit)}",
            icon=":material/skip_next:",
            help=tr("Train one {unit}, then pause.").format(unit=tr(unit)),
        ):
            with acting("controls"):
                steer(folder, "step")
        if st.button(tr("Stop"), icon=":material/stop:"):
            with acting("controls"):
                send(folder, "stop")
    show_refusal("controls")


def show_wait(folder: RunFolder) -> None:
    """What a waiting run waits for, with ways to open the run before it and to pause the one that works."""
    waits = waiting_for(folder)
    if not waits:
        if said := say_wait(folder, read_state(folder)):  # in a room
            st.info(plain(said), icon=":material/hourglass_top:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(plain(waits.sentence()), icon=":material/hourglass_top:")
        if waits.ahead and st.button(
            tr("Open {name}").format(name=plain(waits.ahead["name"])), key="wait-open"
        ):
            open_other(waits.ahead["run"], read_state(folder).get("task", ""))
        if waits.working and st.button(
            tr("Pause {name}").format(name=plain(waits.working["name"])),
            key="wait-pause",
            help=tr("Then the next in the queue starts. It can be resumed later."),
        ):
            with acting("controls"):
                steer(open_run(workspace(), waits.working["run"]), "pause")
