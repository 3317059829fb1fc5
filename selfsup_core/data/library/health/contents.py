"""Texts that are empty, short or long; images that are blank."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.library.health.finding import Finding, some
from selfsup_core.data.texts import Texts
from selfsup_core.translation import tr
from selfsup_core.wording import counted

SHORT_TEXT = 3


LONG_TEXT = 5000


def check_texts(dataset: Dataset) -> Iterator[Finding]:
    if not isinstance(dataset.x, Texts):
        return
    lengths = np.array([len(text.strip()) for text in dataset.x])
    empty = np.flatnonzero(lengths == 0)
    if len(empty):
        yield Finding(
            "empty-rows",
            "warning",
            f"Empty: {counted(len(empty), 'text')}",
            tr("There is nothing to learn from them."),
            len(empty),
            some(empty),
            mend="drop-empty",
        )
    short = np.flatnonzero((lengths > 0) & (lengths < SHORT_TEXT))
    if len(short):
        yield Finding(
            "short-texts",
            "note",
            tr("Shorter than {short_text} characters: {count}").format(
                short_text=SHORT_TEXT, count=counted(len(short), "text")
            ),
            tr("They contain hardly any information."),
            len(short),
            some(short),
        )
    long = np.flatnonzero(lengths > LONG_TEXT)
    if len(long):
        yield Finding(
            "long-texts",
            "note",
            tr("Longer than {long_text:,} characters: {count}").format(
                long_text=LONG_TEXT, count=counted(len(long), "text")
            ),
            tr("Encoders read only their beginning, mostly the first few hundred words."),
            len(long),
            some(long),
        )


def check_images(dataset: Dataset) -> Iterator[Finding]:
    if dataset.kind not in ("image", "sound"):
        return
    flat = np.asarray(dataset.x).reshape(len(dataset), -1)
    blank = np.flatnonzero(flat.max(axis=1) == flat.min(axis=1))
    if len(blank):
        silent = dataset.kind == "sound"
        what = (
            f"Silent: {counted(len(blank), 'sound')}"
            if silent
            else tr("One color only: {count}").format(count=counted(len(blank), "image"))
        )
        yield Finding(
            "blank",
            "warning",
            what,
            tr("They teach the network an average, nothing else."),
            len(blank),
            some(blank),
            mend="drop-empty",
        )
    if "sizes" in dataset.extra:
        tiny = np.flatnonzero(np.asarray(dataset.extra["sizes"]).min(axis=1) <= 1)
        if len(tiny):
            yield Finding(
                "one-pixel",
                "warning",
                tr("One pixel wide or high: {count}").format(count=counted(len(tiny), "image")),
                tr("Often a tracking pixel or a failed download."),
                len(tiny),
                some(tiny),
            )
