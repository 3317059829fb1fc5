"""Short passages with questions whose answers stand in them, in English and Chinese.

Files in `assets/data/`, read by `selfsup_core/data/shipped.py`.
"""

from __future__ import annotations

import json
from functools import partial

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.questions import Asked, pack_questions
from selfsup_core.data.shipped import explain_missing, read_bytes
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.data.texts import Texts
from selfsup_core.translation import tr, tr_later

FILES = {
    "passages": (
        "passages-en.json",
        "e8531cd5b44e6e2ab9c520e0189f3989767d144ef6e673cdc4059a8eab4a614e",
    ),
    "passages-zh": (
        "passages-zh.json",
        "05531cd6f3bbd51994ba6ace47e397c8892dac83f7cb1d2c17a97e3382f72c52",
    ),
}
SIZES = {"passages": 160, "passages-zh": 40}
TITLES = {
    "passages": tr_later("Passages with questions"),
    "passages-zh": tr_later("Passages with questions, Chinese"),
}
ABOUT = {
    "passages": tr_later("Short passages in English, with questions whose answer is in them."),
    "passages-zh": tr_later(
        "Short passages in Chinese, with questions whose answer is in them. They are few: "
        "enough to try, not to compare."
    ),
}
LICENCE = "Apache-2.0"
ORIGIN = tr_later("written for this program")


def build(name: str) -> Dataset:
    """Raises DataError when the file is missing or damaged."""
    rows: list[Asked] = []
    groups: list[int] = []
    titles: list[str] = []
    for number, passage in enumerate(json.loads(read_bytes(*FILES[name]))):
        text = passage["text"]
        for one in passage["questions"]:
            first = one["answers"][0]
            start = one.get("start", text.index(first))
            rows.append(Asked(text, one["question"], tuple(one["answers"]), start))
            groups.append(number)
            titles.append(passage["title"])
    return Dataset(
        id=name,
        kind="text",
        title=TITLES[name],
        x=Texts.pack(row.passage for row in rows),
        groups=np.array(groups, np.int64),
        extra=pack_questions(rows) | {"passage": Texts.pack(titles)},
        provenance={
            "source": ORIGIN,
            "citation": "SelfSup Studio",
            "licence": LICENCE,
            "steps": tr_later("a row per question; all questions of a passage stay together"),
        },
        details={
            "rows": len(rows),
            "shape": [],
            "is_running": False,
            "grouped_by": "passage",
            "categories": ["passage"],
        },
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
            beside=("question", "answers"),
        )
    )
