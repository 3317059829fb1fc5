"""The views of a run without JavaScript of our own: what was measured at one epoch, as static figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.shared.epochs import asked_epoch
from pages.parts.shared.explained import offer_lesson
from pages.parts.shared.workspace import plain
from selfsup_core.evaluate.words.verdict import describe_run
from selfsup_core.figures.standing import (
    confused_rows,
    loss_figure,
    map_figure,
    matrix_rows,
    picture_sheet,
    tile_sheet,
)
from selfsup_core.lessons.explained import explain_sign
from selfsup_core.runs.folder import RunFolder, read_rows, read_state
from selfsup_core.runs.frames import read_about, read_frame
from selfsup_core.runs.said import say_epoch
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.thinned import frame_path, list_frames
from selfsup_core.translation import recorded, tr


def draw_figures(folder: RunFolder) -> None:
    """Loss, what the task shows, the map, and what is said of them; a slider chooses the epoch."""
    state = read_state(folder)
    frames = list_frames(folder.frames)
    if not frames:
        st.caption(tr("Nothing has been measured yet."))
        return
    cursor = choose_epoch(frames)
    rows = epoch_rows(read_rows(folder.metrics))
    best = state["best"]["epoch"] if state["best"] else None
    frame = read_frame(frame_path(folder.frames, cursor))
    static = read_frame(folder.frames / "static.safetensors")
    about = read_about(folder.frames / "static.safetensors")
    left, middle, right = st.columns(3)
    with left:
        st.markdown(tr("**Loss**"))
        st.plotly_chart(loss_figure(rows, cursor, best), key="standing-loss")
    with middle:
        show_middle(frame, static, about, frame_path(folder.frames, cursor))
    with right:
        st.markdown(tr("**Latent map** ({map})").format(map=state["map"]))
        st.plotly_chart(
            map_figure(frame["map"], static["labels"], json.loads(about["classes"])),
            key="standing-map",
        )
    st.caption(describe_run(state))
    st.caption(plain(" ".join(say_epoch(folder, cursor)[1].plain.values())))
    for wrong in next((row.get("signs", []) for row in rows if row["epoch"] == cursor), []):
        st.caption(
            f":orange[:material/warning:] {plain(recorded(wrong['text']))} {plain(recorded(wrong['remedy']))}"
        )
        offer_lesson(explain_sign(wrong["code"]), f"standing-{wrong['code']}")


def show_middle(frame: dict[str, Any], static: dict[str, Any], about: dict[str, str], path: Path) -> None:
    """What a task has to show beside loss and map: reconstructions, images, confusions, or a text."""
    if "reconstructions" in frame:
        st.markdown(f"**{tr('Reconstructions')}**")
        # Read from the run itself: its data set may have been deleted since.
        shape = tuple(json.loads(about["item_shape"]))
        sheet = tile_sheet(static["inputs"], frame["reconstructions"], shape)
        st.image(sheet, width="stretch", caption=tr("Input, output, difference"), alt=tr("Reconstructions"))
    elif "samples" in frame:
        st.markdown(tr("**Images it draws**"))
        sheet = picture_sheet(frame["samples"], tuple(json.loads(about["item_shape"])), columns=6)
        st.image(sheet, width="stretch", alt=tr("Images it draws"))
    elif "confusion" in frame:
        st.markdown(tr("**Confusion matrix** (validation rows; rows: true class, columns: predicted class)"))
        st.dataframe(matrix_rows(json.loads(about["classes"]), frame["confusion"]), hide_index=True)
    elif "confusion_sums" in frame:
        st.markdown(tr("**Confusion** (validation rows; the classes that are most often confused)"))
        if rows := confused_rows(json.loads(about["classes"]), frame["confusion_sums"]):
            st.dataframe(rows, hide_index=True)
        else:
            st.markdown(tr("Every validation row is predicted correctly."))
    else:
        st.markdown(f"**{tr('Writing')}**")
        words = read_about(path)
        st.text(json.loads(words["written"])[:400] if words.get("written") else "–")


def choose_epoch(frames: list[int]) -> int:
    """A slider over the epochs that have a frame; its right end follows the run."""
    if len(frames) == 1:
        return frames[0]
    wanted = asked_epoch(frames)
    value = frames[-1] if wanted is None else wanted
    return st.select_slider(tr("Epoch"), frames, value, key=f"standing-epoch-{frames[-1]}")
