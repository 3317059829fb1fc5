"""Phrase books: generated English sentences with their exact translation, German or Chinese.

The grammar is in `data/phrase_book/`; no sentence comes twice, in either language.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.phrase_book.grammar import KINDS, make_phrases
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.data.texts import Texts
from selfsup_core.translation import tr_later

SIZE, SEED = 5000, 0
LICENCE = "Apache-2.0"
ORIGIN = tr_later("generated from a grammar of this program")
TITLES = {
    "german": tr_later("Phrase book, English and German"),
    "chinese": tr_later("Phrase book, English and Chinese"),
}
ABOUT = {
    "german": tr_later(
        "Generated sentences on numbers, dates, prices, places and people, with their exact German "
        "translation."
    ),
    "chinese": tr_later(
        "Generated sentences on numbers, dates, prices, places and people, with their exact Chinese "
        "translation."
    ),
}
NAMES = {"german": "phrases-de", "chinese": "phrases-zh"}


def build(language: str) -> Dataset:
    phrases = make_phrases(SIZE, SEED)
    return Dataset(
        id=NAMES[language],
        kind="text",
        title=TITLES[language],
        x=Texts.pack(phrase.english for phrase in phrases),
        y=np.array([phrase.kind for phrase in phrases], np.int32),
        classes=KINDS,
        extra={"target": Texts.pack(getattr(phrase, language) for phrase in phrases)},
        provenance={
            "source": ORIGIN,
            "citation": "",
            "licence": LICENCE,
            "steps": tr_later("5,000 different sentences, as many of each kind, seed 0"),
        },
        details={"rows": len(phrases), "shape": [], "is_running": False},
    )


for language, name in NAMES.items():
    SOURCES.register(name)(
        Source(
            title=TITLES[language],
            kind="text",
            samples=SIZE,
            shape=(),
            classes=len(KINDS),
            licence=LICENCE,
            about=ABOUT[language],
            build=partial(build, language),
            origin=ORIGIN,
            beside=("target",),
        )
    )
