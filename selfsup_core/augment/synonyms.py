"""English synonyms, each of its word's most frequent sense. [1] Miller: WordNet, 1995 (version 3.1).

File in `assets/data/`, read by `selfsup_core/data/shipped.py`; its licence lies beside it.
"""

from __future__ import annotations

import random
import re
from functools import lru_cache

from selfsup_core.data.shipped import read_gzip

FILE = "synonyms-en.tsv.gz", "e0a534711ed6e26229767560d98593518a4ae492e0baf9fe8f5fa70ff8f40191"
BARE = re.compile(r"^(\W*)([A-Za-z][A-Za-z-]*)(\W*)$")


@lru_cache(maxsize=1)
def read_synonyms() -> dict[str, tuple[str, ...]]:
    """Word → synonyms. Of a word that is a noun as well as a verb, those of the first. Raises DataError."""
    found: dict[str, tuple[str, ...]] = {}
    for line in read_gzip(*FILE).decode("utf-8").splitlines():
        word, _, synonyms = line.split("\t")
        found.setdefault(word, tuple(name.replace("_", " ") for name in synonyms.split(",")))
    return found


def replace_word(word: str, chance: random.Random) -> str:
    """A synonym with the same punctuation and capital; the word itself where none is known."""
    parts = BARE.match(word)
    known = read_synonyms().get(parts[2].lower()) if parts else None
    if not parts or not known:
        return word
    chosen = chance.choice(known)
    if parts[2][0].isupper():
        chosen = chosen[0].upper() + chosen[1:]
    return f"{parts[1]}{chosen}{parts[3]}"
