"""What a data set of several files is called: what their names share, else the file with the data."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import takewhile

from selfsup_core.data.importing.layout import SPLIT_WORDS

WORD = re.compile(r"[^\W_]+")
# Names made of these alone say nothing of what is in a file.
EMPTY = frozenset(
    [*SPLIT_WORDS, "x", "y", "of", "idx", "idx1", "idx3", "ubyte", "part", "shard", "set", "file"]
)
BESIDE = frozenset(
    [
        "y",
        "label",
        "labels",
        "target",
        "targets",
        "class",
        "classes",
        "meta",
        "metadata",
        "mapping",
        "names",
        "info",
    ]
)  # words in the names of files that describe the samples of another


def title_of(names: Sequence[str], aside: Collection[str] = ()) -> str:
    """The title of a data set before anybody chooses one: "emnist-letters" of its images, labels and mapping.

    Args:
        names: of the files that were given. aside: those among them that are not used.
    """
    used = [name for name in names if name not in aside] or list(names)
    stems = [name.split(".")[0] or "data" for name in used]
    shared = shared_name(stems) if len(stems) > 1 else ""
    if shared:
        return shared
    return next((stem for stem in stems if not BESIDE & set(words_of(stem))), stems[0])


def words_of(stem: str) -> list[str]:
    return [word.lower() for word in WORD.findall(stem)]


def shared_name(stems: Sequence[str]) -> str:
    """The words with which all names begin, or else end, without those at the edge that say nothing; "" for
    none.
    """
    parts = [re.split(r"([\W_]+)", stem) for stem in stems]  # words and what stands between them
    for is_end in (False, True):
        lists = [part[::-1] if is_end else part for part in parts]
        common = [same[0] for same in takewhile(lambda row: len(set(row)) == 1, zip(*lists, strict=False))]
        while common and (not WORD.search(common[-1]) or common[-1].lower() in EMPTY):
            common.pop()
        kept = common[::-1] if is_end else common
        if any(re.search(r"[^\W\d_]", word) and word.lower() not in EMPTY for word in kept):
            return "".join(kept)
    return ""
