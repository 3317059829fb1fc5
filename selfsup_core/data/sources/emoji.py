"""Emoji: 1,906 color pictures of 32 × 32 pixels on white, in nine classes, each with its name and subgroup.

Files in `assets/data/`, read by `selfsup_core/data/shipped.py`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.groups import find_groups
from selfsup_core.data.shipped import explain_missing, read_json, read_sheet
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.data.texts import Texts
from selfsup_core.translation import tr, tr_later

SHEET = "emoji-32.png", "e8a2c9a3a4e0e67f3ba63073adf0dde19ed136168f2d20054ae7f332ad2d84aa"
ABOUT = "emoji-32.json", "7e2c2f6b15576c4be074dbb655d7873d1906b28143d4588e33685fdb764de4eb"
SIDE = 32
LICENCE = "Apache-2.0"
ORIGIN = tr_later("Noto Emoji 16 (Google), from the npm package emoji-datasource-google 16.0.0")


def build() -> Dataset:
    """Raises DataError when a file is missing or damaged."""
    about = read_json(*ABOUT)
    x = read_sheet(*SHEET, count=len(about["label"]), side=SIDE)  # (1906, 32, 32, 3)
    # The sheet is sorted by class: an order drawn once keeps any prefix balanced.
    order = np.random.default_rng(0).permutation(len(x))
    made = Dataset(
        id="emoji",
        kind="image",
        title=tr_later("Emoji"),
        x=x[order],
        y=np.array(about["label"], np.int32)[order],
        classes=tuple(about["classes"]),
        scale=1 / 255,
        extra={
            "names": Texts.pack(about["name"][i] for i in order),
            "subgroup": Texts.pack(about["group"][i] for i in order),
        },
        provenance={
            "source": ORIGIN,
            "citation": "Google: Noto Emoji, https://github.com/googlefonts/noto-emoji",
            "licence": LICENCE,
            "steps": tr_later(
                "scaled to 32 × 32 on white; skin-tone variants left out; shuffled with seed 0; pixels "
                "divided by 255"
            ),
        },
        details={"rows": len(x), "shape": list(x.shape[1:]), "categories": ["subgroup"]},
    )
    # Some flags are the same picture, and clock faces nearly so.
    return replace(made, groups=find_groups(made))


SOURCES.register("emoji")(
    Source(
        title=tr_later("Emoji"),
        kind="image",
        samples=1906,
        shape=(SIDE, SIDE, 3),
        classes=9,
        licence=LICENCE,
        about=tr_later("Emoji with their names, 32 × 32 in color: faces, animals, food, flags and more."),
        build=build,
        missing=lambda: explain_missing(tr("Emoji"), SHEET[0], ABOUT[0]),
        origin=ORIGIN,
    )
)
