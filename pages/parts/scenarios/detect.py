"""Detection: from pictures with boxes, and from boxes that a slow teacher draws where they are hidden; then
one's own pictures.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.parts.scenarios.mode import Scenario
from pages.parts.scenarios.try_own import choose_epoch
from pages.parts.shared import routes
from pages.parts.shared.new_files import KINDS, lying
from pages.parts.shared.uploader import uploader
from pages.parts.shared.workspace import errors_shown, plain
from selfsup_core.data.boxes import BOXES, read_boxes, require_boxes
from selfsup_core.data.dataset import Dataset
from selfsup_core.figures.boxes import draw_boxes
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.folder import RunFolder
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import percent

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


def show_samples(dataset: Dataset) -> None:
    """Some of the pictures with their boxes."""
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


SCENARIO = Scenario(
    name="detect",
    task="detect",
    kind="image",
    beside=BOXES,
    about=ABOUT,
    known=KNOWN,
    data_help=tr_later(
        "Pictures with boxes. Your own come from a ZIP of pictures with a COCO JSON file, or with the files "
        "of YOLO or Pascal VOC."
    ),
    needs=tr_later("Detection takes pictures with boxes."),
    show_samples=show_samples,
    show_own=show_own,
)
