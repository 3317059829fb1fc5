"""Interface texts: short sentences of a program's menus and messages in English, with their German or Chinese
translation by people.

Files in `assets/data/`, read by `selfsup_core/data/shipped.py`.
"""

from __future__ import annotations

from functools import partial

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.groups import join_alike
from selfsup_core.data.shipped import explain_missing, read_gzip
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.data.texts import Texts
from selfsup_core.translation import tr, tr_later

FILES = {
    "interface-de": (
        "interface-en-de.tsv.gz",
        "59c4a8fd2c294402a5237e13cda72fa513ba3378821b250a1ce7b07f7047e296",
    ),
    "interface-zh": (
        "interface-en-zh.tsv.gz",
        "fb4f4504eb4fe958aea3c0b06be99740beb8fa3fe1142adcea14dbe4d6570bf7",
    ),
}
SIZES = {"interface-de": 2774, "interface-zh": 2780}
TITLES = {
    "interface-de": tr_later("Interface texts, English and German"),
    "interface-zh": tr_later("Interface texts, English and Chinese"),
}
ABOUT = {
    "interface-de": tr_later("Short texts of a program's interface, with German translations by people."),
    "interface-zh": tr_later("Short texts of a program's interface, with Chinese translations by people."),
}
LICENCE = "Apache-2.0"
ORIGIN = "Home Assistant frontend 20250109.2"


def build(name: str) -> Dataset:
    """Raises DataError when the file is missing or damaged."""
    lines = read_gzip(*FILES[name]).decode("utf-8").rstrip("\n").split("\n")
    pairs = [(source, target) for source, target in (line.split("\t") for line in lines)]
    sources, targets = ([pair[side] for pair in pairs] for side in (0, 1))
    return Dataset(
        id=name,
        kind="text",
        title=TITLES[name],
        x=Texts.pack(sources),
        groups=join_alike(sources, targets),
        extra={"target": Texts.pack(targets)},
        provenance={
            "source": ORIGIN,
            "citation": "Home Assistant, https://github.com/home-assistant/frontend",
            "licence": LICENCE,
            "steps": tr_later(
                "different pairs; pairs that share a sentence of either language stay together"
            ),
        },
        details={"rows": len(pairs), "shape": [], "is_running": False},
    )


for name in FILES:
    SOURCES.register(name)(
        Source(
            title=TITLES[name],
            kind="text",
            samples=SIZES[name],
            shape=(),
            classes=0,
            licence=LICENCE,
            about=ABOUT[name],
            build=partial(build, name),
            missing=partial(lambda name: explain_missing(tr(TITLES[name]), FILES[name][0]), name),
            origin=ORIGIN,
            beside=("target",),
        )
    )
