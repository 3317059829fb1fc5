"""Runs side by side: the stage of all of them, the settings that differ, and what can be compared at all."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.address import wish
from pages.parts.shared.choice import shorten
from pages.parts.shared.epochs import PARAM as EPOCH
from pages.parts.shared.epochs import asked_epoch, refuse_epoch, write_epoch
from pages.parts.shared.go import rerun
from pages.parts.shared.live import assets_path, base_path, component, open_other
from pages.parts.shared.runlist import AUTOENCODER, PAGES
from pages.parts.shared.workspace import plain, workspace
from selfsup_core.errors import RunError
from selfsup_core.evaluate.compared import measures_of, say_spread, say_value
from selfsup_core.figures.compared import curves_figure, parallel_figure
from selfsup_core.runs.access import sign
from selfsup_core.runs.comparing import (
    FEWEST,
    MOST,
    MOST_SHOWN,
    Comparison,
    compare,
    read_compared,
)
from selfsup_core.runs.folder import open_run
from selfsup_core.runs.matching import Compared
from selfsup_core.runs.thinned import list_frames
from selfsup_core.translation import tr

RUNS = "runs"  # of the address: ids, with commas
FEW_FOR_LINES = 3  # runs from which on parallel coordinates tell something

stage = component(
    "selfsup_compare",
    "compare/main.js",
    '<div role="status" style="min-height: 560px">…</div>',
)


def asked_runs() -> list[str]:
    """The ids of the address, each once."""
    asked = st.query_params.get(RUNS, "").split(",")
    return list(dict.fromkeys(run.strip() for run in asked if run.strip()))[:MOST]


def show_comparison() -> None:
    """The runs of the address side by side."""
    asked = asked_runs()
    known = [run for run in asked if is_there(run)]
    if len(known) < len(asked):
        gone = ", ".join(shorten(run) for run in asked if run not in known)
        st.error(
            tr("These runs are not here: {gone}. They may have been deleted.").format(gone=plain(gone)),
            icon=":material/error:",
        )
    if len(known) < FEWEST:
        st.caption(tr("Tick two or more runs in the list of runs, then choose Compare."))
        st.page_link("pages/runs.py", label=tr("All runs"), icon=":material/list:")
        return
    try:
        runs = read_compared(workspace(), known)
    except RunError as error:
        st.error(plain(str(error)), icon=":material/error:")
        st.page_link("pages/runs.py", label=tr("All runs"), icon=":material/list:")
        return
    found = compare(runs)
    for note in found["notes"]:
        st.caption(f":material/info: {plain(note)}")
    if len(runs) > MOST_SHOWN:
        st.caption(
            tr("The first {most_shown} runs are shown here; all {count} are in the lines below.").format(
                most_shown=MOST_SHOWN, count=len(runs)
            )
        )
    shown = runs[:MOST_SHOWN]
    if routes.is_mounted and not st.session_state.get("stage_failed"):
        show_stage([run.folder.id for run in shown])
    else:
        show_static(shown)
    show_settings(found)
    show_lines(found)


def is_there(run: str) -> bool:
    try:
        return open_run(workspace(), run).id == run
    except RunError:
        return False


@st.fragment
def show_stage(ids: list[str]) -> None:
    """Mount the stage; a cursor that rests and a run that is removed rerun only this."""
    runs = read_compared(workspace(), ids)
    found = compare(runs)
    epochs = sorted({epoch for run in runs for epoch in list_frames(run.folder.frames)})
    if refuse_epoch(epochs, ",".join(ids), of=tr("None of these runs")):
        return
    epoch = asked_epoch(epochs)
    metrics = {one["name"]: one for one in found["metrics"]}
    measures = measures_of([run.task for run in runs])
    result = stage(
        key=f"compare-{'-'.join(ids)}",
        data={
            "base": f"{base_path()}{routes.BASE}",
            "assets": assets_path(),
            "runs": [about_run(run) for run in runs],
            "epoch": epoch,
            "measures": [
                {
                    "name": one.name,
                    "title": one.title,
                    "better": one.better,
                    "unfair": metrics[one.name]["unfair"] if one.name in metrics else "",
                }
                for one in measures
            ],
            "first": measures[0].name.removeprefix("val_") if measures[0].name != "val_mse" else "val_mse",
            "groups": [{"places": group["places"]} for group in found["seeds"]],
        },
        default={"cursor": epoch},
        on_cursor_change=lambda: None,
        on_opened_change=lambda: None,
        on_removed_change=lambda: None,
        on_failed_change=lambda: None,
    )
    if result.opened:
        open_other(result.opened, "none")
    if result.removed:
        wish({RUNS: ",".join(run for run in asked_runs() if run != result.removed)})
        rerun()
    if result.failed:
        st.session_state["stage_failed"] = result.failed
        rerun()
    write_epoch(result.cursor, ",".join(ids), param=EPOCH)


def about_run(run: Compared) -> dict[str, str]:
    """What the stage is told of a run."""
    page, mode = PAGES.get(run.task, AUTOENCODER)
    address = {"run": run.folder.id} | ({"do": mode} if mode else {})
    path = page.removeprefix("pages/").removesuffix(".py")
    return {
        "run": run.folder.id,
        "token": sign(workspace(), run.folder.id),
        "name": run.state["name"] or run.folder.id,
        "task": run.task,
        "address": f"{base_path()}/{path}?{urlencode(address)}",
    }


def show_static(runs: list[Compared]) -> None:
    """The curves and the metrics without JavaScript of our own."""
    found = compare(runs)
    for about in found["runs"]:
        st.markdown(f"**{about['number']}** {plain(about['name'])}, {about['status']}")
    first = found["metrics"][0]
    st.plotly_chart(
        curves_figure([run.rows for run in runs], first["name"], first["title"]), key="compare-curves"
    )
    st.dataframe(metric_table(found), hide_index=True)


def metric_table(found: Comparison) -> dict[str, list[Any]]:
    """Column → cells: the metrics of each run at its last epoch, and of runs that differ in their seed."""
    names = [one["name"] for one in found["metrics"]]
    table: dict[str, list[Any]] = {"Metric": [one["title"] for one in found["metrics"]]}
    for place, about in enumerate(found["runs"]):
        table[f"Run {about['number']}"] = [
            say_value(one["name"], one["values"][place]) + (" (best)" if place in one["best"] else "")
            for one in found["metrics"]
        ]
    for group in found["seeds"]:
        title = tr("Runs ") + ", ".join(str(place + 1) for place in group["places"])
        table[title] = [say_spread(name, group["metrics"][name]) for name in names]
    return table


def show_settings(found: Comparison) -> None:
    """Only the settings that differ."""
    st.subheader(tr("Settings that differ"), anchor=False)
    if not found["settings"]:
        st.caption(tr("All settings are the same. The runs are repetitions of each other."))
        return
    table: dict[str, list[str]] = {"Setting": [one["title"] for one in found["settings"]]}
    for place, about in enumerate(found["runs"]):
        table[f"Run {about['number']}"] = [
            "–" if (value := one["values"][place]) is None else value for one in found["settings"]
        ]
    st.dataframe(table, hide_index=True)


def show_lines(found: Comparison) -> None:
    """Parallel coordinates of three runs or more."""
    if len(found["runs"]) < FEW_FOR_LINES or not (found["settings"] and found["metrics"]):
        return
    with st.expander(tr("Settings and metrics as lines"), expanded=len(found["runs"]) > MOST_SHOWN):
        st.caption(
            tr(
                "Each line is a run. Drag along an axis to keep the runs in that range, and "
                "drag the name of an "
                "axis to move it."
            )
        )
        st.plotly_chart(parallel_figure(found), key="compare-lines")
