"""How good translations are: BLEU and chrF as sacrebleu computes them, with its signature.

BLEU = brevity · exp(¼ Σₙ ln pₙ), pₙ the share of the n-grams that the reference has too, counted over all
rows.
[1] Papineni et al.: BLEU: a method for automatic evaluation of machine translation, 2002
[2] Popović: chrF: character n-gram F-score for automatic MT evaluation, 2015
[3] Post: A call for clarity in reporting BLEU scores, 2018
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from selfsup_core.evaluate.bootstrap import ScoreOf

CHINESE_SHARE = 0.2  # of the letters, from which a text is cut into characters


def is_chinese(texts: Sequence[str]) -> bool:
    """Whether the texts have no spaces between words, as Chinese has none."""
    letters = [letter for text in texts[:1000] for letter in text if not letter.isspace()]
    return sum("\u3400" <= letter <= "\u9fff" for letter in letters) > CHINESE_SHARE * max(1, len(letters))


class Quality:
    """Scores translations into the language of these references."""

    def __init__(self, references: Sequence[str]) -> None:
        from sacrebleu.metrics.bleu import BLEU
        from sacrebleu.metrics.chrf import CHRF

        cut = "zh" if is_chinese(references) else "13a"
        self._bleu = BLEU(tokenize=cut)
        self._sentence = BLEU(
            tokenize=cut, effective_order=True
        )  # counts are the same; only a warning is not
        self._chrf = CHRF()

    def bleu(self, written: Sequence[str], references: Sequence[str]) -> float:
        """0 … 100."""
        return float(self._bleu.corpus_score(list(written), [list(references)]).score)

    def chrf(self, written: Sequence[str], references: Sequence[str]) -> float:
        """0 … 100."""
        return float(self._chrf.corpus_score(list(written), [list(references)]).score)

    def signature(self) -> str:
        """How BLEU was computed, as papers state it. Known once something was scored."""
        return str(self._bleu.get_signature())

    def counts(self, written: Sequence[str], references: Sequence[str]) -> np.ndarray:
        """(T, 10) of each row: right n-grams and all n-grams for n = 1 … 4, words written, words of the
        reference.
        """
        found = [
            self._sentence.sentence_score(one, [true]) for one, true in zip(written, references, strict=True)
        ]
        return np.array([[*s.counts, *s.totals, s.sys_len, s.ref_len] for s in found], np.int64).reshape(
            -1, 10
        )

    def score_of(self, written: Sequence[str], references: Sequence[str]) -> ScoreOf:
        """BLEU where rows count so often."""
        counts = self.counts(written, references)
        return lambda times: self.from_sums(times @ counts)

    def from_sums(self, sums: np.ndarray) -> float:
        """(10,) sums of `counts` → BLEU."""
        made: Any = self._bleu.compute_bleu(
            correct=sums[:4].tolist(),
            total=sums[4:8].tolist(),
            sys_len=int(sums[8]),
            ref_len=int(sums[9]),
            smooth_method="exp",
        )
        return float(made.score)


def recall_nearest(known: Sequence[str], asked: Sequence[str]) -> np.ndarray:
    """(A,) place of the known sentence that is most like each asked one: a translation memory without
    learning.

    Alike by the cosine of their counts of three letters, rare ones counting more.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    counts = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3)).fit(known)
    found: np.ndarray = np.asarray(
        (counts.transform(asked) @ counts.transform(known).T).argmax(axis=1)
    ).ravel()
    return found
