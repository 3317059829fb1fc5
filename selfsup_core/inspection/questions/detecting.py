"""What is asked of a run's detector: the objects in pictures of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import EpochAsk
from selfsup_core.inspection.kinds import Named, about_detector
from selfsup_core.settings import setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.export.about import FeaturesAbout
    from selfsup_core.inspection.run_detectors import RunDetectors

MOST_PICTURES = 16


class DetectAsk(EpochAsk):
    """Pictures, at an epoch of the run."""

    files: list[str] = setting([], "Paths of pictures, or of ZIP files of them.", title="Files")


@about_detector("detect", DetectAsk)
def detect(at: Named[RunDetectors], ask: DetectAsk) -> Answer:
    """The boxes of each picture, the surest first.

    Returns: "pictures" (P, H, W[, 3]) bytes, each as the network saw it: made square with borders; of each
    picture its name and its boxes in pixels of these, with class and confidence.
    """
    import torch

    from selfsup_core.evaluate.detecting import find_boxes
    from selfsup_core.export.read_apart import read_apart

    if not ask.files:
        raise DataError(tr("There is no picture to look at."), code="no-picture", remedy=tr("Choose a file."))
    detector = at.holder.at(at.name, ask.epoch)
    height, width, channels = detector.shape
    shape = [height, width, 3] if channels == 3 else [height, width]
    about: FeaturesAbout = {
        "kind": "image",
        "item_shape": shape,
        "scale": 1 / 255,
        "width": height * width * channels,
        "picture": {"fit": "pad"},
        "columns": [],
    }
    read = read_apart(about, [Path(file) for file in ask.files], "", at.holder.workspace)
    samples, notes = read.samples[:MOST_PICTURES], list(read.notes)
    if len(read.samples) > MOST_PICTURES:
        notes.append(
            tr("The first {most} of {count:,} pictures were looked at.").format(
                most=MOST_PICTURES, count=len(read.samples)
            )
        )
    pictures = np.stack([np.asarray(one.item) for one in samples]).astype(np.uint8)
    values = torch.from_numpy(pictures).float().div(255).view(-1, height, width, channels).permute(0, 3, 1, 2)
    with at.holder.using(at.name):
        found = find_boxes(detector.network, values)
    told = []
    for place, one in enumerate(samples):
        boxes = [
            {
                "class": detector.classes[int(label)],
                "confidence": round(float(score), 4),
                "box": [round(float(value), 1) for value in corners],
            }
            for label, score, corners in zip(
                found.labels[place], found.scores[place], found.corners[place], strict=True
            )
            if label >= 0
        ]
        told.append({"item": one.name, "boxes": boxes})
    return Answer(
        {"pictures": pictures},
        {
            "epoch": detector.epoch,
            "threshold": detector.threshold,
            "classes": detector.classes,
            "pictures": told,
            "notes": notes,
        },
    )
