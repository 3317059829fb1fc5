"""Draw the curve that you expect; then the run's own is laid over it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.assets import assets_path
from pages.parts.shared.forms import number_field
from pages.parts.shared.go import rerun
from pages.parts.shared.live import component
from pages.parts.shared.workspace import workspace
from selfsup_core.lessons.drawn import check_drawn, say_distance
from selfsup_core.lessons.model import Draw, Lesson
from selfsup_core.lessons.progress import LessonProgress, change
from selfsup_core.lessons.tasks import drawn_by_run
from selfsup_core.translation import tr

curve_component = component("selfsup_lesson_curve", "lessons/curve.js")


def show_draw(lesson: Lesson, at: str, part: Draw, progress: LessonProgress, key: str) -> None:
    with st.container(border=True, key=f"{key}-box"):
        st.markdown(f"{tr(':material/psychology: **Predict**')}  \n**{part.ask}**")
        kept = progress.get("compared", {}).get(at, "")
        judged, real = drawn_by_run(workspace(), part, progress["opened"], kept)
        is_shown = at in progress["shown"]
        drawn = draw_it(part, progress["drawn"].get(at), real if is_shown else [], is_shown, key)
        if drawn is not None and not is_shown and drawn != progress["drawn"].get(at):
            change(workspace(), lesson.number, lambda found: found["drawn"].update({at: drawn}))
        if is_shown:
            st.markdown(f"{say_distance(drawn or [], real, part)} {part.why}")
            return
        has_drawn = drawn is not None or at in progress["drawn"]
        if not has_drawn:
            st.caption(tr("Draw from left to right, or choose the chart and use the arrow keys."))
        elif not judged.is_passed:
            st.caption(tr("Kept. It can be revealed once the run of this step has come far enough."))
        is_ready = has_drawn and judged.is_passed
        if st.button(tr("Reveal"), key=f"{key}-reveal", disabled=not is_ready, icon=":material/visibility:"):
            change(workspace(), lesson.number, lambda found: reveal(found, at, judged.runs[0]))
            rerun()


def reveal(progress: LessonProgress, at: str, run: str) -> None:
    """Args: run: that the curve is compared with from now on."""
    progress["shown"].append(at)
    progress.setdefault("compared", {})[at] = run


def draw_it(
    part: Draw, kept: list[float] | None, real: list[tuple[int, float]], is_shown: bool, key: str
) -> list[float] | None:
    """The chart; a value per epoch, None while nothing is drawn."""
    if not routes.is_mounted or st.session_state.get("curve-failed"):
        return draw_by_ends(part, kept, key)
    data: dict[str, Any] = {
        "assets": assets_path(),
        "epochs": part.epochs,
        "low": part.low,
        "high": part.high,
        "called": part.called,
        "kept": kept,
        "real": real,
        "isShown": is_shown,
    }
    result = curve_component(key=key, data=data, on_drawn_change=lambda: None, on_failed_change=lambda: None)
    if result.failed:
        st.session_state["curve-failed"] = result.failed
        rerun()
    return check_drawn(result.drawn, part) or kept


def draw_by_ends(part: Draw, kept: list[float] | None, key: str) -> list[float]:
    """Without our own component: a straight line from two numbers."""
    first, last = st.columns(2)
    at_first, at_last = (kept[0], kept[-1]) if kept else (part.high, part.high)
    begin = number_field(first, tr("At epoch 0"), part.low, part.high, at_first, key=f"{key}-begin")
    end = number_field(
        last,
        tr("At epoch {epochs}").format(epochs=part.epochs),
        part.low,
        part.high,
        at_last,
        key=f"{key}-end",
    )
    step = (end - begin) / part.epochs
    return [round(begin + step * epoch, 4) for epoch in range(part.epochs + 1)]
