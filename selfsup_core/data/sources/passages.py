"""Short passages with questions whose answers stand in them, in English and Chinese.

Files in `assets/data/`, read by `selfsup_core/data/shipped.py`.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

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
        "3f3c1deb62bd08dc3392396af25024f6bea3bafe126507fd463f4f1e4d6486a6",
    ),
    "passages-zh": (
        "passages-zh.json",
        "d3c8808df65fc217efd40c05ac7a836f09fc5110a824ef11c2877b6089489711",
    ),
}
SIZES = {"passages": 200, "passages-zh": 50}
TITLES = {
    "passages": tr_later("Passages with questions"),
    "passages-zh": tr_later("Passages with questions, Chinese"),
}
ABOUT = {
    "passages": tr_later(
        "Eighty short passages in English; on half of them four questions each, whose answer is in them."
    ),
    "passages-zh": tr_later(
        "Twenty short passages in Chinese; on half of them four questions each, whose answer is in them. "
        "They are few: enough to try, not to compare."
    ),
}
LICENCE = "Apache-2.0"
ORIGIN = tr_later("written for this program")


def start_of(text: str, question: dict[str, Any]) -> int:
    """Where its first answer begins; the file says so where it occurs more than once."""
    first: str = question["answers"][0]
    return int(question.get("start", text.index(first)))


def build(name: str) -> Dataset:
    """Raises DataError when the file is missing or damaged."""
    rows: list[Asked] = []
    groups: list[int] = []
    titles: list[str] = []
    for number, passage in enumerate(json.loads(read_bytes(*FILES[name]))):
        text = passage["text"]
        found = [
            Asked(text, one["question"], tuple(one["answers"]), start_of(text, one))
            for one in passage["questions"]
        ] or [Asked(text, "")]
        rows += found
        groups += [number] * len(found)
        titles += [passage["title"]] * len(found)
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
            "steps": tr_later(
                "a row per question, and one per passage without questions; a passage stays together"
            ),
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
