"""Texts as vectors: TF-IDF, with one dimension per term, or sentence embeddings.

TF-IDF: (1 + ln tf) · (ln((1 + N) / (1 + df)) + 1), each text scaled to length 1.
[1] Salton, Buckley: Term-weighting approaches in automatic text retrieval, 1988
[2] Reimers, Gurevych: Sentence-BERT, 2019; the encoders are in encoders.py
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.features.embedding.embed import EmbedConfig, embed_steps
from selfsup_core.pretrained.encoders.catalogue import encoder_width
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.features.config import DataConfig

CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
LETTER = re.compile(r"[^\W\d_]")
ENGLISH = frozenset(["the", "and", "of", "to", "is", "in", "that", "it"])


def input_shape(shape: tuple[int, ...], kind: str, config: DataConfig) -> tuple[int, ...]:
    """What a network is given of one sample: the sample's own shape, or a vector's for texts."""
    if kind != "text":
        return shape
    if config.text_features == "embeddings":
        return (encoder_width(config.encoder),)
    return (config.vocabulary,)


def is_mostly_cjk(texts: Texts, rows: np.ndarray) -> bool:
    """Whether most letters are Chinese, Japanese or Korean, which write no spaces between words."""
    some = " ".join(texts[int(row)][:400] for row in rows[:200])
    return len(CJK.findall(some)) > 0.5 * max(1, len(LETTER.findall(some)))


def looks_english(texts: Texts, rows: np.ndarray) -> bool:
    words = re.findall(r"\w+", " ".join(texts[int(row)][:400] for row in rows[:200]).lower())
    return sum(word in ENGLISH for word in words) > 0.05 * max(1, len(words))


class WordOptions(TypedDict, total=False):
    """How scikit-learn's vectorizer is to cut texts into terms; in JSON the tuple is a list."""

    analyzer: str
    ngram_range: tuple[int, int]
    token_pattern: str
    stop_words: str


def word_options(texts: Texts, train: np.ndarray) -> tuple[WordOptions, str]:
    """How scikit-learn's vectorizer is to cut these texts into terms, and the same in words."""
    if is_mostly_cjk(texts, train):
        options: WordOptions = {"analyzer": "char", "ngram_range": (1, 2)}
        return (
            options,
            tr("single characters and pairs, since these texts have no spaces between words"),
        )
    options = {"token_pattern": r"(?u)\b[^\W\d_]\w+\b"}
    if looks_english(texts, train):
        return options | {"stop_words": "english"}, tr("words, without the most common English ones")
    return options, "words"


def tfidf(
    texts: Texts, train: np.ndarray, vocabulary: int, *, is_unit: bool = False
) -> tuple[np.ndarray, tuple[str, ...], str]:
    """(N, V) values in [0, 1], the V terms, and how it was done.

    Terms and weights come from the training rows alone. Each column is divided by its largest training value,
    so that rare words count as much as common ones, unless `is_unit`: then rows keep their length of 1. Where
    texts have fewer than V terms the rest is empty, its names "".

    Raises:
        DataError: no training text holds a word.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    options, how = word_options(texts, train)
    vectorizer = TfidfVectorizer(max_features=vocabulary, sublinear_tf=True, dtype=np.float32, **options)
    try:
        vectorizer.fit(texts[int(row)] for row in train)
    except ValueError as error:
        raise DataError(
            tr("No word was found in the training texts."),
            code="no-words",
            remedy=tr("Use longer texts, or set Text features to Sentence embeddings."),
        ) from error
    weights = vectorizer.transform(texts)  # sparse (N, V)
    terms = [str(term) for term in vectorizer.get_feature_names_out()]
    largest = np.asarray(weights[train].max(axis=0).todense()).reshape(-1)
    values = np.zeros((len(texts), vocabulary), np.float32)
    values[:, : len(terms)] = weights.toarray()
    if not is_unit:
        values[:, : len(terms)] /= np.where(largest > 0, largest, 1.0)
    names = (*terms, *[""] * (vocabulary - len(terms)))
    note = tr("TF-IDF of {count:,} terms from the training texts: {how}.").format(count=len(terms), how=how)
    return np.clip(values, 0.0, 1.0), names, note


def embed(
    texts: Texts,
    cache: Path | None,
    digest: str,
    progress: Callable[[str], None] | None = None,
    *,
    encoder: str = "minilm",
    device: str = "cpu",
) -> np.ndarray:
    """(N, width) sentence embeddings of length 1, in the order of the texts; an empty text is all zeros.

    Args:
        cache: folder where they are kept under the data's digest, so that only the first run waits; None
        keeps nothing.
        progress: told in words how far it is, every second or so.

    Raises:
        DataError: the encoder is not on this machine, or cannot be used.
    """
    config = EmbedConfig(encoder=encoder)
    steps = embed_steps(texts, config, cache=cache, data_digest=digest, device=device)
    said = 0.0
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            found: np.ndarray = end.value
            return found
        except DataError as error:
            if error.code == "no-encoder":
                error.remedy = (
                    f"{error.remedy} Or set Text features to TF-IDF (data.text_features = tfidf).".lstrip()
                )
            raise
        if progress and step.stage == "encoding" and time.monotonic() - said > 1:
            said = time.monotonic()
            progress(tr("Embedding texts: {done:,} of {total:,}.").format(done=step.done, total=step.total))
