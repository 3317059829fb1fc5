"""How good answers are: exact match and F1 as SQuAD defines them.

Before they are compared, both are put in lower case, and punctuation, articles (a, an, the) and further
spaces are left out. F1 is the harmonic mean of precision and recall over the words that both share; of
several accepted answers the nearest one counts. In Chinese each character is a word, as in [2].
[1] Rajpurkar et al.: SQuAD: 100,000+ questions for machine comprehension of text, 2016
[2] Cui et al.: A span-extraction dataset for Chinese machine reading comprehension, 2019
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np

from selfsup_core.evaluate.bootstrap import ScoreOf

ARTICLES = re.compile(r"\b(a|an|the)\b")
HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
CHARACTER = re.compile(f"([{HAN}])")


def normalize(text: str) -> str:
    """Lower case, without punctuation and articles, single spaces; each Chinese character by itself."""
    kept = "".join(letter for letter in text.lower() if not is_punctuation(letter))
    return " ".join(CHARACTER.sub(r" \1 ", ARTICLES.sub(" ", kept)).split())


def is_punctuation(letter: str) -> bool:
    """SQuAD leaves out that of ASCII; that of other scripts, as 。 and 》, is no part of an answer either."""
    return unicodedata.category(letter)[0] == "P" or letter in "$+<=>^`|~"


def is_match(answer: str, true: str) -> bool:
    return normalize(answer) == normalize(true)


def f1_of(answer: str, true: str) -> float:
    """Of the words of both; two that are empty are the same."""
    words, wanted = normalize(answer).split(), normalize(true).split()
    if not words or not wanted:
        return float(words == wanted)
    shared = sum((Counter(words) & Counter(wanted)).values())
    return 2 * shared / (len(words) + len(wanted))


def score_rows(answers: Sequence[str], accepted: Sequence[Sequence[str]]) -> np.ndarray:
    """(N, 2): exact match, 0 or 1, and F1 of each row, by the nearest accepted answer."""
    found = np.zeros((len(answers), 2))
    for row, (answer, good) in enumerate(zip(answers, accepted, strict=True)):
        found[row, 0] = max((float(is_match(answer, one)) for one in good), default=0.0)
        found[row, 1] = max((f1_of(answer, one) for one in good), default=0.0)
    return found


def exact_match_of(scores: np.ndarray) -> ScoreOf:
    """Share of the rows that match, where rows count so often. Args: scores: of `score_rows`."""

    def score(times: np.ndarray) -> float:
        return float(times @ scores[:, 0] / max(1, times.sum()))

    return score
