"""Views of texts: words deleted, exchanged or replaced [1], one span kept. A Chinese character is a word.

[1] Wei, Zou: EDA, 2019
"""

from __future__ import annotations

import random
import re

from selfsup_core.augment.config import TextAugmentation
from selfsup_core.augment.synonyms import replace_word

ALONE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # scripts without spaces between words
WORD = re.compile(rf"(\s*)([{ALONE}]|[^\s{ALONE}]+)")


def change_text(text: str, config: TextAugmentation, chance: random.Random) -> str:
    """A random view of a text. At least one word stays; a text without words is left as it is."""
    words = split_words(text)
    if not words or not (config.crop or config.swap or config.synonyms or config.deletion):
        return text
    words = crop_span(words, config.crop, chance)
    words = swap_neighbors(words, config.swap, chance)
    words = replace_words(words, config.synonyms, chance)
    words = delete_words(words, config.deletion, chance)
    return "".join(gap + word for gap, word in words).strip()


def split_words(text: str) -> list[tuple[str, str]]:
    """Words, each with the white space before it."""
    return [(found[1], found[2]) for found in WORD.finditer(text)]


def crop_span(words: list[tuple[str, str]], share: float, chance: random.Random) -> list[tuple[str, str]]:
    """One span of neighboring words, that leaves out at most this share of them."""
    kept = max(1, round(len(words) * (1 - share * chance.random())))
    begin = chance.randrange(len(words) - kept + 1)
    return words[begin : begin + kept]


def swap_neighbors(
    words: list[tuple[str, str]], share: float, chance: random.Random
) -> list[tuple[str, str]]:
    """A share of the pairs of neighbors exchanged; the white space stays where it was."""
    found = list(words)
    for i in range(chance.randrange(2), len(words) - 1, 2):
        if chance.random() < share:
            found[i] = (words[i][0], words[i + 1][1])
            found[i + 1] = (words[i + 1][0], words[i][1])
    return found


def replace_words(words: list[tuple[str, str]], share: float, chance: random.Random) -> list[tuple[str, str]]:
    """A share of the words replaced by synonyms, where some are known."""
    if not share:
        return words
    return [(gap, replace_word(word, chance) if chance.random() < share else word) for gap, word in words]


def delete_words(words: list[tuple[str, str]], share: float, chance: random.Random) -> list[tuple[str, str]]:
    """Without a share of the words; one stays in any case."""
    drawn = [chance.random() for _ in words]
    kept = [word for word, number in zip(words, drawn, strict=True) if number >= share]
    return kept or [words[drawn.index(max(drawn))]]
