"""One sweep: its progress, the best combination, the effect of each setting, and its trials."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import streamlit as st

from pages.parts.shared.choice import tell_apart
from pages.parts.shared.go import link_here, rerun
from pages.parts.shared.live import base_path
from pages.parts.shared.runlist import AUTOENCODER, PAGES
from pages.parts.shared.workspace import (
    acting,
    errors_shown,
    plain,
    show_refusal,
    workspace,
)
from selfsup_core.errors import StudioError
from selfsup_core.figures.sweep import effect_figure
from selfsup_core.runs.spec import read_spec, task_of
from selfsup_core.runs.sweeps.bin import delete_sweep
from selfsup_core.runs.sweeps.folder import SweepFolder, open_sweep, read_sweep_state
from selfsup_core.runs.sweeps.results import Sweep, read_sweep
from selfsup_core.runs.sweeps.words import (
    INTERVALS,
    say_best,
    say_effect,
    say_metric,
    say_progress,
    say_score,
    say_warning,
)
from selfsup_core.runs.waiting import in_words
from selfsup_core.translation import recorded, tr
from selfsup_core.workers.sweeper import drive
from selfsup_core.workers.sweeping import resume_sweep, stop_sweep

PARAM = "sweep"  # of the address
POLL = 2.0
STYLE = {
    "running": ("blue", ":material/play_circle:"),
    "finished": ("green", ":material/check_circle:"),
    "stopped": ("gray", ":material/stop_circle:"),
    "failed": ("red", ":material/error:"),
}


def show_sweep(asked: str) -> None:
    """The sweep of the address."""
    link_here(tr("All sweeps"), icon=":material/arrow_back:", key="sweeps-all", params={})
    try:
        folder = open_sweep(workspace(), asked)
        is_busy = read_sweep_state(folder)["status"] == "running"
    except StudioError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return

    @st.fragment(run_every=POLL if is_busy else None)
    def draw() -> None:
        with errors_shown():
            sweep = read_sweep(folder)
            show_head(folder, sweep)
            show_found(sweep)
            show_trials(folder, sweep)
            if (sweep["status"] == "running") != is_busy:
                rerun()

    draw()


def show_status(sweep: Sweep) -> None:
    color, icon = STYLE[sweep["status"]]
    st.badge(tr(sweep["status"]), color=color, icon=icon)


def show_head(folder: SweepFolder, sweep: Sweep) -> None:
    """Name, progress, and what can be done."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(sweep['name'] or folder.id)}**", width="content")
        show_status(sweep)
    if sweep["status"] == "running":
        st.progress(sweep["share"], plain(say_progress(sweep)))
    else:
        took = tr(" Trained for {time}.").format(time=in_words(sweep["seconds"])) if sweep["seconds"] else ""
        st.caption(plain(say_progress(sweep) + took))
    if error := sweep["error"]:
        st.error(plain(f"{recorded(error['message'])} {recorded(error['remedy'])}"), icon=":material/error:")
    with st.container(horizontal=True, vertical_alignment="center"):
        if sweep["status"] == "running":
            st.button(
                tr("Stop"),
                icon=":material/stop:",
                key="sweep-stop",
                help=tr("What is finished is kept, and you can resume it later."),
                on_click=act,
                args=(folder, "stop"),
            )
            st.caption(tr("It goes on when you leave this page."))
        elif sweep["done"] < sweep["total"]:
            st.button(
                tr("Resume"),
                icon=":material/play_arrow:",
                type="primary",
                key="sweep-resume",
                help=tr("Trains what is missing; no finished run is repeated."),
                on_click=act,
                args=(folder, "resume"),
            )
        if len(sweep["compared"]) > 1:
            st.page_link(
                "pages/compare.py",
                label=tr("Compare the best"),
                icon=":material/compare:",
                query_params={"runs": ",".join(sweep["compared"])},
            )
        st.page_link(
            "pages/runs.py",
            label=tr("Its runs"),
            icon=":material/list:",
            query_params={"search": f"#{folder.tag}", "short": "shown"},
        )
        if sweep["status"] != "running":
            delete_button(folder, "shown", is_active=False)
    show_refusal(f"shown-{folder.id}")


def act(folder: SweepFolder, what: str) -> None:
    """Stop or resume, for a click."""
    with acting(f"shown-{folder.id}"):
        if what == "stop":
            stop_sweep(folder)
        else:
            resume_sweep(folder)
            drive(folder.workspace)


def delete_button(folder: SweepFolder, where: str, *, is_active: bool) -> None:
    st.button(
        "",
        icon=":material/delete:",
        key=f"delete-sweep-{where}-{folder.id}",
        disabled=is_active,
        help=tr("Stop it first")
        if is_active
        else tr("Delete the sweep, its runs stay; can be restored on the page Runs for seven days"),
        on_click=delete,
        args=(folder, where),
    )


def delete(folder: SweepFolder, where: str) -> None:
    with acting(f"{where}-{folder.id}"):
        delete_sweep(folder)
        if st.query_params.get(PARAM):
            st.query_params.clear()


def show_found(sweep: Sweep) -> None:
    """The best combination in a sentence, and the effect of each setting."""
    if best := say_best(sweep):
        st.info(plain(best), icon=":material/emoji_events:")
        if warning := say_warning(sweep):
            st.caption(plain(warning))
    elif sweep["status"] == "running":
        st.caption(tr("The first result is here when a run has finished."))
    known = [one for one in sweep["effects"] if sum(v["mean"] is not None for v in one["values"]) > 1]
    if not known:
        return
    st.subheader(tr("Effect of each setting"), anchor=False)
    st.caption(plain(f"{say_metric(sweep)}. {tr(INTERVALS)}"))
    for place, one in zip(st.columns(len(known)), known, strict=True):
        with place:
            st.plotly_chart(
                effect_figure(sweep, one), key=f"effect-{one['path']}", config={"displayModeBar": False}
            )
            st.caption(plain(say_effect(sweep, one)))


def show_trials(folder: SweepFolder, sweep: Sweep) -> None:
    """The combinations, the best first; then each run with a link."""
    if not sweep["rows"]:
        return
    st.subheader(tr("Combinations"), anchor=False)
    order = [*sweep["best"], *(row["place"] for row in sweep["rows"] if row["place"] not in sweep["best"])]
    titles = tell_apart({path: tr(title) for path, title in sweep["paths"].items()})
    has_lost = bool(sweep["failed"] or sweep["pruned"])
    table = []
    for place in order:
        row = sweep["rows"][place]
        lost = sum(bool(t["pruned"]) or t["status"] == "failed" for t in row["trials"])
        line: dict[str, Any] = {
            tr("Rank"): sweep["best"].index(place) + 1 if place in sweep["best"] else None
        }
        line |= {titles[path]: said for path, said in row["said"].items()}
        line |= {
            tr(sweep["metric_title"]) or tr("Score"): say_score(sweep, row["score"], row["margin"]),
            tr("Seeds"): f"{row['n']}/{sweep['seeds']}",
        }
        if has_lost:
            line[tr("Failed or stopped early")] = str(lost or "")
        table.append(line)
    st.dataframe(table, hide_index=True, key="sweep-combinations")
    with st.expander(tr("All runs"), icon=":material/list:"):
        st.dataframe(
            run_table(folder, sweep, order),
            hide_index=True,
            key="sweep-runs",
            column_config={tr("Run"): st.column_config.LinkColumn(display_text=r"run=([^&]*)")},
        )


def run_table(folder: SweepFolder, sweep: Sweep, order: list[int]) -> list[dict[str, Any]]:
    """A line for each run that is there."""
    page, mode = PAGES.get(task_of(read_spec(folder.path / "spec.yaml")), AUTOENCODER)
    path = f"{base_path()}/{page.removeprefix('pages/').removesuffix('.py')}"
    rest = {"do": mode} if mode else {}
    return [
        {
            tr("Run"): f"{path}?{urlencode({**rest, 'run': trial['run']})}",
            tr("Combination"): sweep["rows"][place]["title"],
            tr("Seed"): trial["seed"] + 1,
            tr("Status"): recorded(trial["pruned"]) if trial["pruned"] else tr(trial["status"]),
            tr("Epochs"): f"{trial['epoch']}/{trial['epochs']}",
            tr("Score"): say_score(sweep, trial["score"], None),
            tr("Time"): in_words(trial["seconds"]) if trial["seconds"] else "–",
        }
        for place in order
        for trial in sweep["rows"][place]["trials"]
        if trial["run"]
    ]
