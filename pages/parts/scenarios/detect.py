"""Detection: from pictures with boxes, and from boxes that a slow teacher draws where they are hidden; then
one's own pictures.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.parts.scenarios.labels_known import choose_known
from pages.parts.scenarios.try_own import choose_epoch
from pages.parts.shared import routes
from pages.parts.shared.advanced import KEPT, PACE, SPLIT, STEPS, Groups
from pages.parts.shared.asked import Asked
from pages.parts.shared.live import show_run
from pages.parts.shared.new_files import KINDS, lying
from pages.parts.shared.new_run import Form, Places, Recipe, new_run, open_here
from pages.parts.shared.preset_and_data import choose_preset, choose_source, usable_sources
from pages.parts.shared.terms import caption
from pages.parts.shared.uploader import uploader
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.data.boxes import BOXES, read_boxes, require_boxes
from selfsup_core.data.sources import Source, open_source
from selfsup_core.figures.boxes import draw_boxes
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import RunSpec
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import percent

ADVANCED: Groups = {
    "Network": ("model.",),
    "Objective": ("objective.",),
    "Training": (*STEPS, *PACE),
    "Data": SPLIT,
    "Recording": KEPT,
}
SHOWN = 6  # pictures, before a run
SIDE = 260  # pixels of a picture's width
ABOUT = tr_later(
    "A small network learns where objects are: a heat map of their centers, and the size at each center. "
    "Hide most of the boxes, and a slow copy of the network (mean teacher) draws boxes on the rest: the "
    "[[student]] learns from those that it is sure of, its [[twin]] does not. Press Train to watch."
)
KNOWN = tr_later(
    "Share of the training pictures whose boxes are known. On the others boxes are drawn by the network's "
    "slow copy, and the sure ones are learned from. With 100 nothing is hidden."
)


def box_sources() -> dict[str, Source]:
    return usable_sources(lambda source: source.kind == "image" and BOXES in source.beside)


def columns() -> Places:
    data, recipe, known, epochs, train, more = st.columns(
        (2, 1.7, 1.2, 1.2, 1.2, 1.4), vertical_alignment="bottom"
    )
    return Places(data, recipe, known, epochs, train, more)


def choose_recipe(at: Places, asked: Asked) -> Recipe:
    presets = list_presets("detect")
    wanted = st.query_params.get("preset", "")
    first = wanted if wanted in presets else next(iter(presets))
    source = choose_source(
        at.data,
        tr("Data"),
        box_sources(),
        asked=asked,
        key="detect-data",
        default=preset_spec(first).data.source,
        help=tr("Pictures with boxes. Your own come from a ZIP of pictures with a COCO JSON file."),
        needs=tr("Detection takes pictures with boxes."),
    )
    preset = choose_preset(
        at.model,
        tr("Recipe"),
        list(presets),
        "detect",
        asked=asked,
        key=f"detect-preset-{source}",
        default=first,
    )
    return Recipe(preset, source, preset_spec(preset), mark=preset, asked=asked)


FORM = Form(
    task="detect",
    prefix="detect-",
    columns=columns,
    recipe=choose_recipe,
    detail=lambda recipe, settings, at: choose_known(recipe, settings, at, about=tr(KNOWN)),
    groups=lambda recipe: ADVANCED,
    always="detect-data",
    offer=lambda recipe, spec: {"data.labels_fraction": None},
    address={"do": "detect"},
)


def show_about(spec: RunSpec) -> None:
    """What is learned, and some of the pictures with their boxes."""
    caption(tr(ABOUT))
    with errors_shown():
        dataset = open_source(spec.data.source, workspace())
        texts = dataset.extra[BOXES]
        classes = require_boxes(dataset).classes
        for place, row in zip(st.columns(SHOWN), range(min(SHOWN, len(dataset))), strict=False):
            boxes = read_boxes(str(texts[row]))
            corners = [(name, (x, y, x + wide, y + high)) for name, x, y, wide, high in boxes]
            values = np.asarray(dataset.x[row], np.float32) * dataset.scale
            place.image(
                draw_boxes(values, corners, classes, side=SIDE), caption=", ".join(name for name, *_ in boxes)
            )


@st.fragment
def show_own(folder: RunFolder) -> None:
    """Pictures of one's own, looked at by the network at an epoch."""
    with st.container(border=True, key="detect-own"):
        st.markdown(tr("**Try your own picture**"))
        epoch = choose_epoch(folder, "detect-epoch")
        if epoch is None:
            st.caption(tr("The first epoch has not been measured yet."))
            return
        files = uploader(
            tr("Pictures, or a ZIP file of them"),
            KINDS["image"],
            several=True,
            key="detect-files",
            help=tr("They are made as small as the training pictures, and not kept."),
        )
        least = st.slider(
            tr("Confidence from which a box is shown"),
            0.02,
            1.0,
            0.3,
            step=0.01,
            key="detect-least",
            help=tr("Lower values show more boxes, and more of them are wrong."),
        )
        if not files:
            return
        with errors_shown():
            with lying(files) as paths:
                answer = routes.lab().ask(
                    Subject("detector", folder.id), "detect", {"files": paths, "epoch": epoch}
                )
            show_found(answer.arrays["pictures"], dict(answer.about), least)


def show_found(pictures: np.ndarray, about: dict[str, Any], least: float) -> None:
    """Each picture with its boxes."""
    told = about["pictures"]
    for start in range(0, len(told), 4):
        for place, one, picture in zip(
            st.columns(4), told[start : start + 4], pictures[start : start + 4], strict=False
        ):
            boxes = [box for box in one["boxes"] if box["confidence"] >= least]
            said = ", ".join(f"{box['class']} {percent(box['confidence'])}" for box in boxes)
            place.image(
                draw_boxes(
                    picture / np.float32(255),
                    [(box["class"], box["box"]) for box in boxes],
                    about["classes"],
                    side=SIDE,
                ),
                caption=plain(f"{one['item']}: {said or tr('no object')}"),
            )
    st.caption(tr("Epoch {epoch}.").format(epoch=about["epoch"]))
    for note in about["notes"]:
        st.caption(plain(note))


def show() -> None:
    """The whole mode."""
    chosen = new_run(FORM)
    run = st.query_params.get("run", "")
    if not run:
        if chosen.spec:
            show_about(chosen.spec)
        return
    if not (asked := open_here(run, ("detect",))):
        return
    folder, _ = asked
    show_run(folder.id)
    show_own(folder)
